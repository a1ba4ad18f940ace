/**
 * A draft on its way to the server and back: kept in this browser at once, and as a working copy on the server within
 * two seconds; compared with what others save meanwhile; and published.
 */
import { api, ask, askWhole, idempotent, type Schemas } from '#lib/api/rest';
import { NoAnswer, Problem } from '#lib/api/problem';
import { session } from '#lib/session/session.svelte';
import { workflowNames } from '#lib/workflows/names.svelte';
import type { Definition } from './definition';
import { DesignerDocument } from './document.svelte';
import { dropLocal, localKey, readLocal, writeLocal, type LocalCopy } from './local-copy';

/** Milliseconds without a change after which it is saved, and the longest that it is not. */
const REST = 700;
const LONGEST = 1_700;
const LOCAL_WAIT = 60;
const RETRY = 3_000;
/** Others who saved within so many milliseconds are at work on it. */
const AT_WORK = 30 * 60_000;

/** What the workflow is on the server. */
interface Base {
	version: number;
	etag: string | null;
	definition: Definition;
	publishedVersion: number | null;
	status: string;
	name: string;
}

export type SaveState = 'saved' | 'waiting' | 'saving' | 'local';

/** What stands against the draft: a newer version of the workflow, or the draft as another window has it. */
export type Conflict = { kind: 'version'; version: number } | { kind: 'window' };

export class Draft {
	readonly document: DesignerDocument;
	state = $state<SaveState>('saved');
	/** The workflow on the server; null where it has no version yet. */
	base = $state.raw<Base | null>(null);
	/** There is a draft that differs from the version that it began with. */
	isDraft = $state(false);
	conflict = $state.raw<Conflict | null>(null);
	/** When this browser kept what it has restored now; null where it has not. */
	recoveredAt = $state<string | null>(null);
	/** Who else works on it. */
	others = $state.raw<readonly string[]>([]);

	#key: string;
	/** Tells what this window keeps from what others do. */
	#window: string = crypto.randomUUID();
	#basedOn: { version: number | null; etag: string | null } = { version: null, etag: null };
	#copyEtag: string | null = null;
	/** What was sent without an answer: the server may have it. */
	#unanswered: string | undefined;
	#server: Definition | undefined;
	#saved = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#localTimer: ReturnType<typeof setTimeout> | undefined;
	#dirtySince: number | undefined;
	#isPublishing = false;
	#isClosed = false;

	private constructor(
		readonly workflowId: string,
		definition: Definition
	) {
		this.document = new DesignerDocument(definition);
		this.document.isReadonly = !session.can('workflow:write');
		this.#key = localKey(session.me?.tenant?.id ?? '', session.me?.id ?? session.me?.email ?? '', workflowId);
	}

	/**
	 * Open what there is of a workflow: what this browser kept, else one's working copy, else its latest version.
	 *
	 * @throws Problem `workflow_not_found` where there is nothing.
	 */
	static async open(workflowId: string): Promise<Draft> {
		const canEdit = session.can('workflow:write');
		const [base, copy] = await Promise.all([
			missing(readBase(workflowId)),
			canEdit ? missing(readCopy(workflowId)) : undefined
		]);
		const draft = new Draft(workflowId, { id: workflowId, nodes: [] });
		const kept = canEdit ? readLocal(draft.#key) : undefined;
		if (!base && !copy && !kept) await readBase(workflowId);
		draft.base = base ?? null;
		draft.#server = copy?.definition ?? base?.definition;
		draft.#copyEtag = copy?.etag ?? null;
		const from = kept ?? copy;
		draft.#basedOn = from
			? { version: from.basedOnVersion, etag: from.basedOnEtag }
			: { version: base?.version ?? null, etag: base?.etag ?? null };
		if (kept) draft.#window = kept.window;
		draft.isDraft = from !== undefined;
		draft.document.open(
			kept?.definition ?? copy?.definition ?? base?.definition ?? draft.document.definition
		);
		draft.#compare();
		if (kept) {
			draft.recoveredAt = kept.savedAt;
			const isSame = JSON.stringify(copy?.definition) === JSON.stringify(kept.definition);
			if (copy && kept.copyEtag !== copy.etag && !isSame) draft.conflict = { kind: 'window' };
			else draft.#plan(0);
		}
		if (canEdit) void draft.lookForOthers();
		return draft;
	}

	/** The version that the draft began with. */
	get basedOnVersion(): number | null {
		return this.#basedOn.version;
	}

	/** Something has changed: keep it here at once, and on the server soon. */
	changed(revision: number): void {
		if (revision === this.#saved) return;
		this.isDraft = true;
		this.#dirtySince ??= Date.now();
		clearTimeout(this.#localTimer);
		this.#localTimer = setTimeout(() => this.#keepHere(), LOCAL_WAIT);
		if (this.conflict?.kind === 'window') {
			this.state = 'local';
			return;
		}
		if (this.state !== 'saving') this.state = 'waiting';
		this.#plan(Math.min(REST, Math.max(0, this.#dirtySince + LONGEST - Date.now())));
	}

	/** Keep what is not saved in this browser: the page is about to go. */
	flush(): void {
		if (this.state !== 'saved') this.#keepHere();
	}

	close(): void {
		this.flush();
		if (this.state === 'waiting') void this.#save();
		this.#isClosed = true;
		clearTimeout(this.#timer);
		clearTimeout(this.#localTimer);
	}

	/** See whether anybody has saved a version meanwhile. */
	async lookForVersions(): Promise<void> {
		if (this.#isPublishing) return;
		const base = await missing(readBase(this.workflowId)).catch(() => undefined);
		if (!base || this.#isPublishing) return;
		this.base = base;
		if (!this.isDraft && base.version !== this.#basedOn.version) {
			// nothing of one's own: simply what there is now
			this.document.open(base.definition);
			this.#saved = this.document.revision;
			this.#basedOn = { version: base.version, etag: base.etag };
		}
		this.#compare();
	}

	/** See who else has a working copy that was saved lately. */
	async lookForOthers(): Promise<void> {
		const query = { workflowId: this.workflowId, limit: 20 };
		const found = await ask(api.GET('/api/v1/working-copies', { params: { query } })).catch(() => undefined);
		if (!found) return;
		this.others = found.items
			.filter((copy) => !copy.isOwn && Date.now() - Date.parse(copy.updatedAt) < AT_WORK)
			.map((copy) => copy.ownerName ?? '');
	}

	/** What stands against the draft, to be compared with it. */
	async theirs(): Promise<Definition> {
		if (this.conflict?.kind === 'window') return (await readCopy(this.workflowId)).definition;
		const base = await readBase(this.workflowId);
		this.base = base;
		return base.definition;
	}

	/** Go on with one's own draft, in place of the other. */
	async keepMine(): Promise<void> {
		if (this.conflict?.kind === 'window')
			this.#copyEtag = (await missing(readCopy(this.workflowId)))?.etag ?? null;
		else if (this.base) this.#basedOn = { version: this.base.version, etag: this.base.etag };
		this.conflict = null;
		await this.#save();
	}

	/** Go on with the other in place of one's own draft, which can be undone. */
	async takeTheirs(): Promise<void> {
		if (this.conflict?.kind === 'window') {
			const copy = await readCopy(this.workflowId);
			this.#copyEtag = copy.etag;
			this.#basedOn = { version: copy.basedOnVersion, etag: copy.basedOnEtag };
			this.conflict = null;
			this.document.apply({ type: 'replace', definition: copy.definition });
		} else {
			const base = await readBase(this.workflowId);
			this.base = base;
			this.#basedOn = { version: base.version, etag: base.etag };
			this.conflict = null;
			this.document.apply({ type: 'replace', definition: base.definition });
		}
		this.recoveredAt = null;
	}

	/** Use what the server has instead of what this browser kept; it can be undone. */
	dropRecovered(): void {
		this.recoveredAt = null;
		if (this.#server) this.document.apply({ type: 'replace', definition: this.#server });
	}

	/**
	 * Save the draft as a version of the workflow.
	 *
	 * @param publish what changed, in words, where it is published as well.
	 * @returns the version's number.
	 * @throws Problem where the definition is not valid, or somebody else has saved a version.
	 */
	async commit(publish?: { changeDescription: string }): Promise<number> {
		this.#isPublishing = true;
		clearTimeout(this.#timer);
		const { revision, definition } = this.document;
		try {
			const { data: saved, response } = await this.#putVersion(definition);
			workflowNames.learn(saved.id, saved.name);
			let etag = response.headers.get('etag');
			if (publish) {
				const path = { workflow_id: this.workflowId };
				const header = { ...idempotent(), ...(etag && { 'if-match': etag }) };
				const body = publish.changeDescription === '' ? {} : publish;
				await ask(api.POST('/api/v1/workflows/{workflow_id}/publish', { params: { path, header }, body }));
				etag = null;
			}
			await missing(
				ask(
					api.DELETE('/api/v1/working-copies/{workflowId}', {
						params: { path: { workflowId: this.workflowId } }
					})
				)
			);
			this.#copyEtag = null;
			this.base = await readBase(this.workflowId);
			this.#basedOn = { version: this.base.version, etag: this.base.etag };
			this.conflict = null;
			this.recoveredAt = null;
			dropLocal(this.#key, this.#window);
			this.#saved = revision;
			this.#dirtySince = undefined;
			this.isDraft = this.document.revision !== revision;
			this.state = this.isDraft ? 'waiting' : 'saved';
			if (this.isDraft) this.#plan(REST);
			return saved.versionNumber;
		} catch (error) {
			if (error instanceof Problem && error.status === 412) {
				this.#isPublishing = false;
				await this.lookForVersions();
			}
			this.#plan(REST);
			throw error;
		} finally {
			this.#isPublishing = false;
		}
	}

	/** Throw the draft away: what is left is the latest version, or nothing. */
	async discard(): Promise<void> {
		clearTimeout(this.#timer);
		clearTimeout(this.#localTimer);
		await missing(
			ask(
				api.DELETE('/api/v1/working-copies/{workflowId}', {
					params: { path: { workflowId: this.workflowId } }
				})
			)
		);
		dropLocal(this.#key, this.#window);
		this.#copyEtag = null;
		this.conflict = null;
		this.recoveredAt = null;
		this.isDraft = false;
		this.state = 'saved';
		if (this.base) {
			this.document.open(this.base.definition);
			this.#basedOn = { version: this.base.version, etag: this.base.etag };
		}
		this.#saved = this.document.revision;
		this.#dirtySince = undefined;
	}

	async #putVersion(
		definition: Definition
	): Promise<{ data: Schemas['WorkflowDetail']; response: Response }> {
		const body = definition as unknown as Record<string, never>;
		if (!this.base)
			return askWhole(api.POST('/api/v1/workflows', { params: { header: idempotent() }, body }));
		const path = { workflow_id: this.workflowId };
		const etag = this.#basedOn.etag;
		const header = etag === null ? {} : { 'if-match': etag };
		return askWhole(api.PUT('/api/v1/workflows/{workflow_id}', { params: { path, header }, body }));
	}

	#compare(): void {
		const { base } = this;
		if (!base || !this.isDraft) return;
		if (base.version === this.#basedOn.version) this.#basedOn = { version: base.version, etag: base.etag };
		else if (this.conflict === null) this.conflict = { kind: 'version', version: base.version };
	}

	#plan(wait: number): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#save(), wait);
	}

	async #save(): Promise<void> {
		if (this.#isPublishing || this.#isClosed || this.document.isReadonly) return;
		if (this.state === 'saving') {
			this.#plan(REST);
			return;
		}
		const { revision, definition } = this.document;
		this.state = 'saving';
		this.#dirtySince = undefined;
		try {
			const body = {
				definition: definition as unknown as Record<string, never>,
				basedOnVersion: this.#basedOn.version,
				basedOnEtag: this.#basedOn.etag
			};
			const path = { workflowId: this.workflowId };
			const header: { 'if-match'?: string; 'if-none-match'?: '*' } =
				this.#copyEtag === null ? { 'if-none-match': '*' } : { 'if-match': this.#copyEtag };
			const { response } = await askWhole(
				api.PUT('/api/v1/working-copies/{workflowId}', { params: { path, header }, body })
			);
			this.#copyEtag = response.headers.get('etag');
			this.#unanswered = undefined;
			this.#saved = revision;
			if (this.document.revision === revision) {
				clearTimeout(this.#localTimer);
				dropLocal(this.#key, this.#window);
				this.state = 'saved';
			} else {
				this.state = 'waiting';
				this.#plan(REST);
			}
		} catch (error) {
			this.#keepHere();
			this.state = 'local';
			if (error instanceof Problem && error.status === 412) {
				if (await this.#isOurs()) this.#plan(0);
				else this.conflict = { kind: 'window' };
			} else if (error instanceof NoAnswer || (error instanceof Problem && error.status >= 500)) {
				this.#unanswered = JSON.stringify(definition);
				this.#plan(RETRY);
			}
		}
	}

	/** Whether what the server has is what this window sent, and never heard of again. */
	async #isOurs(): Promise<boolean> {
		if (this.#unanswered === undefined) return false;
		const copy = await missing(readCopy(this.workflowId)).catch(() => undefined);
		if (!copy || JSON.stringify(copy.definition) !== this.#unanswered) return false;
		this.#copyEtag = copy.etag;
		return true;
	}

	#keepHere(): void {
		const copy: LocalCopy = {
			window: this.#window,
			definition: this.document.definition,
			basedOnVersion: this.#basedOn.version,
			basedOnEtag: this.#basedOn.etag,
			copyEtag: this.#copyEtag,
			savedAt: new Date().toISOString()
		};
		writeLocal(this.#key, copy);
	}
}

async function readBase(workflowId: string): Promise<Base> {
	const path = { workflow_id: workflowId };
	const { data, response } = await askWhole(api.GET('/api/v1/workflows/{workflow_id}', { params: { path } }));
	return {
		version: data.latestVersion,
		etag: response.headers.get('etag'),
		definition: data.definition as unknown as Definition,
		publishedVersion: data.publishedVersion,
		status: data.status,
		name: data.name
	};
}

async function readCopy(workflowId: string) {
	const { data, response } = await askWhole(
		api.GET('/api/v1/working-copies/{workflowId}', { params: { path: { workflowId } } })
	);
	return {
		...data,
		definition: data.definition as unknown as Definition,
		etag: response.headers.get('etag')
	};
}

/** What a call answers; undefined where there is no such thing, or none for this person. */
async function missing<T>(call: Promise<T>): Promise<T | undefined> {
	try {
		return await call;
	} catch (error) {
		if (error instanceof Problem && (error.status === 404 || error.status === 403)) return undefined;
		throw error;
	}
}
