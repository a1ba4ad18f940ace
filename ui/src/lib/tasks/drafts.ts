/**
 * What somebody has begun to fill in, kept in their browser until they send it: for each task and person apart, so that
 * two people at one computer do not see each other's.
 */

export interface Draft {
	data: Record<string, unknown>;
	comment: string;
	/** Milliseconds since 1970. */
	savedAt: number;
}

const PREFIX = 'weft.draft.';
const KEPT_FOR = 30 * 24 * 3600 * 1000;

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export class Drafts {
	constructor(private readonly store: Store) {}

	load(personId: string, taskId: string, now = Date.now()): Draft | undefined {
		const draft = parse(this.store.getItem(keyOf(personId, taskId)));
		return draft && now - draft.savedAt < KEPT_FOR ? draft : undefined;
	}

	save(
		personId: string,
		taskId: string,
		data: Record<string, unknown>,
		comment: string,
		now = Date.now()
	): void {
		try {
			this.store.setItem(keyOf(personId, taskId), JSON.stringify({ data, comment, savedAt: now }));
		} catch {
			// the browser has no room left: what is on the page stays there
		}
	}

	drop(personId: string, taskId: string): void {
		this.store.removeItem(keyOf(personId, taskId));
	}

	/** Forget drafts that nobody came back to. */
	prune(now = Date.now()): void {
		const keys = Array.from({ length: this.store.length }, (_, index) => this.store.key(index));
		for (const key of keys) {
			if (!key?.startsWith(PREFIX)) continue;
			const draft = parse(this.store.getItem(key));
			if (!draft || now - draft.savedAt >= KEPT_FOR) this.store.removeItem(key);
		}
	}
}

function keyOf(personId: string, taskId: string): string {
	return `${PREFIX}${personId}.${taskId}`;
}

function parse(text: string | null): Draft | undefined {
	if (text === null) return undefined;
	try {
		const draft = JSON.parse(text) as Partial<Draft>;
		if (typeof draft.savedAt !== 'number' || typeof draft.data !== 'object' || draft.data === null)
			return undefined;
		return { data: draft.data, comment: draft.comment ?? '', savedAt: draft.savedAt };
	} catch {
		return undefined;
	}
}
