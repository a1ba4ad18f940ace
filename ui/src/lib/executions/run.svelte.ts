/**
 * One execution as its page shows it: what the server tells of it, and its log, folded as it grows.
 *
 * The log comes page by page, then live from its last event on. A lost connection or a restarted server loses nothing:
 * live updates go on from the last event that came.
 */
import { live, type LiveEvent } from '#lib/api/live.svelte';
import { api, ask, type Schemas } from '#lib/api/rest';
import type { DefinitionJson } from '#lib/graph/definition';
import { fromLive, type LogEvent } from './log';
import { beginning, fold, nodeStatuses, type RunState } from './replay';

export type Detail = Schemas['ExecutionDetail'];

const PAGE = 1000;
/** Events that are read; a log may have any number. */
const MOST = 20_000;
/** Milliseconds within which events that follow one another ask for the execution once. */
const SETTLE = 150;

export class Run {
	detail = $state.raw<Detail>();
	definition = $state.raw<DefinitionJson>();
	/** In order; all that were read. */
	events = $state.raw<readonly LogEvent[]>([]);
	/** As it is now. */
	now = $state.raw<RunState>(beginning({}));
	isLoading = $state(true);
	/** The log has events that were not read. */
	isCut = $state(false);
	error = $state.raw<unknown>();
	/** Number of the event after which the execution is shown; none: as it is now. */
	replayAt = $state<number>();

	readonly id: string;
	#stop: (() => void) | undefined;
	#abort = new AbortController();
	#renewing: ReturnType<typeof setTimeout> | undefined;
	#replayed: RunState | undefined;

	/** As it is shown. */
	readonly shown = $derived.by(() => (this.replayAt === undefined ? this.now : this.#at(this.replayAt)));
	readonly isReplay = $derived(this.replayAt !== undefined);
	readonly nodes = $derived(nodeStatuses(this.shown));

	constructor(id: string) {
		this.id = id;
	}

	/** Read it, and follow it until `stop`. */
	async start(): Promise<void> {
		this.#abort.abort();
		const { signal } = (this.#abort = new AbortController());
		this.#stop?.();
		this.isLoading = true;
		this.error = undefined;
		try {
			const path = { execution_id: this.id };
			const [detail, definition] = await Promise.all([
				ask(api.GET('/api/v1/executions/{execution_id}', { params: { path }, signal })),
				this.#readDefinition(signal),
				this.#readLog(signal)
			]);
			if (signal.aborted) return;
			this.detail = detail;
			this.definition = definition;
			this.now = fold(beginning(detail.input), this.events);
			this.isLoading = false;
			this.#stop = live.follow(
				{ execution: this.id, after: this.isCut ? undefined : (this.events.at(-1)?.seq ?? 0) } as never,
				(events) => this.#hear(events),
				{ onGap: () => void this.start() }
			);
		} catch (error) {
			if (signal.aborted) return;
			this.error = error;
			this.isLoading = false;
		}
	}

	stop(): void {
		this.#abort.abort();
		clearTimeout(this.#renewing);
		this.#stop?.();
	}

	/** Take what an act answered: the execution afterwards. */
	take(detail: Detail): void {
		if (detail.id === this.id) this.detail = detail;
	}

	async #readDefinition(signal: AbortSignal): Promise<DefinitionJson | undefined> {
		// what cannot be shown as a graph has its timeline and its log
		const version = await ask(
			api.GET('/api/v1/executions/{execution_id}/definition', {
				params: { path: { execution_id: this.id } },
				signal
			})
		).catch(() => undefined);
		return version?.definition as DefinitionJson | undefined;
	}

	async #readLog(signal: AbortSignal): Promise<void> {
		const events: LogEvent[] = [];
		let after: number | null = 0;
		while (after !== null && events.length < MOST) {
			const page: Schemas['EventPage'] = await ask(
				api.GET('/api/v1/executions/{execution_id}/events', {
					params: { path: { execution_id: this.id }, query: { after, limit: PAGE } },
					signal
				})
			);
			events.push(...page.items);
			after = page.nextCursor;
			this.events = [...events];
		}
		this.isCut = after !== null;
	}

	#hear(told: readonly LiveEvent[]): void {
		const last = this.events.at(-1)?.seq ?? 0;
		const fresh = told.map(fromLive).filter((event) => event.seq > last);
		if (fresh.length === 0) return;
		this.events = [...this.events, ...fresh];
		this.now = fold(this.now, fresh);
		if (fresh.some((event) => event.type === 'WORKFLOW_MIGRATED')) {
			void this.#readDefinition(this.#abort.signal).then((definition) => (this.definition = definition));
		}
		// what the log does not hold: what can be undone, the reports, whether it is in a queue
		clearTimeout(this.#renewing);
		this.#renewing = setTimeout(() => void this.#renew(), SETTLE);
	}

	async #renew(): Promise<void> {
		try {
			this.detail = await ask(
				api.GET('/api/v1/executions/{execution_id}', {
					params: { path: { execution_id: this.id } },
					signal: this.#abort.signal
				})
			);
		} catch {
			// the page shows what the log tells; the next event asks again
		}
	}

	#at(seq: number): RunState {
		const before = this.#replayed;
		// forwards from where it was, backwards from the beginning
		const from = before !== undefined && before.seq <= seq ? before : beginning(this.detail?.input ?? {});
		const state = fold(
			from,
			this.events.filter((event) => event.seq > from.seq && event.seq <= seq)
		);
		this.#replayed = state;
		return state;
	}
}
