/** A list of executions that stays true: rows change where they stand, and new ones are announced, not pushed in. */
import { live, type LiveEvent } from '#lib/api/live.svelte';
import { Paged } from '#lib/api/paged.svelte';
import { api, ask, type Schemas } from '#lib/api/rest';
import { mayBelong, type ExecutionFilter } from './filter';

export type Execution = Schemas['ExecutionSummary'];

const KINDS = ['execution.*', 'step.started', 'step.completed', 'step.failed'];
/** Rows read anew at once, and how often, in milliseconds. */
const AT_ONCE = 12;
const EVERY = 700;

const STATUS_OF: Record<string, Execution['status']> = {
	'execution.created': 'draft',
	'execution.started': 'running',
	'execution.completed': 'completed',
	'execution.failed': 'failed',
	'execution.cancelled': 'cancelled',
	'execution.timed_out': 'timed_out',
	'execution.paused': 'paused',
	'execution.resumed': 'running',
	'execution.awaiting_validation': 'awaiting_validation',
	'execution.submitted': 'submitted',
	'execution.compensation_started': 'compensating',
	'execution.rolled_back': 'rolled_back',
	'execution.retried': 'running'
};

/** Where an event leaves an execution, or nothing where it does not say so. */
export function statusAfter(kind: string): Execution['status'] | undefined {
	return STATUS_OF[kind];
}

export class LiveList extends Paged<Execution> {
	#announced = $state.raw<ReadonlySet<string>>(new Set());
	/** Executions that would be in the list and are not. */
	fresh: ReadonlySet<string> = $derived.by(() => {
		const shown = new Set(this.rows.map((row) => row.id));
		return new Set([...this.#announced].filter((id) => !shown.has(id)));
	});
	#stale = new Set<string>();
	#refreshing: ReturnType<typeof setTimeout> | undefined;

	/** Keep it true, until the returned function is called. */
	follow(filter: ExecutionFilter): () => void {
		const stop = live.follow({ tenant: true }, (events) => this.#hear(events, filter), {
			kinds: KINDS,
			onGap: () => this.reload()
		});
		return () => {
			stop();
			clearTimeout(this.#refreshing);
			this.#refreshing = undefined;
			this.#stale.clear();
			this.#announced = new Set();
		};
	}

	/** Show the new ones. */
	showFresh(): void {
		this.#announced = new Set();
		this.reload();
	}

	#hear(events: readonly LiveEvent[], filter: ExecutionFilter): void {
		const places = new Map(this.rows.map((row, index) => [row.id, index]));
		const rows = [...this.rows];
		const announced = new Set(this.#announced);
		let hasChanged = false;
		for (const event of events) {
			const id = event.executionId ?? '';
			const place = places.get(id);
			const status = statusAfter(event.kind);
			if (place === undefined) {
				if (status && mayBelong(filter, event.workflowId, status)) announced.add(id);
				// the answer that is under way may have it as it was before
				if (this.isLoading) this.#stale.add(id);
				continue;
			}
			this.#stale.add(id);
			const row = rows[place];
			if (row === undefined || status === undefined) continue;
			const hasEnded = ['completed', 'failed', 'cancelled', 'timed_out'].includes(status);
			rows[place] = {
				...row,
				status,
				startedAt: row.startedAt ?? event.occurredAt,
				completedAt: hasEnded ? event.occurredAt : null,
				executionTimeMs:
					hasEnded && row.startedAt ? Date.parse(event.occurredAt) - Date.parse(row.startedAt) : null,
				...(hasEnded && { currentSteps: [] })
			};
			hasChanged = true;
		}
		if (hasChanged) this.rows = rows;
		if (announced.size !== this.#announced.size) this.#announced = announced;
		if (this.#stale.size > 0) this.#refreshing ??= setTimeout(() => void this.#refresh(), EVERY);
	}

	/** Read what the events do not tell: where executions are now. */
	async #refresh(): Promise<void> {
		const ids = [...this.#stale].slice(0, AT_ONCE);
		for (const id of ids) this.#stale.delete(id);
		const found = await Promise.all(
			ids.map((id) =>
				ask(
					api.GET('/api/v1/executions/{execution_id}', {
						params: {
							path: { execution_id: id },
							query: {
								fields: 'id,status,error,currentSteps,startedAt,completedAt,executionTimeMs,tags,isQueued'
							}
						}
					})
				).catch(() => undefined)
			)
		);
		const byId = new Map(found.flatMap((each) => (each ? [[each.id, each]] : [])));
		this.rows = this.rows.map((row) => ({ ...row, ...byId.get(row.id) }));
		this.#refreshing = this.#stale.size > 0 ? setTimeout(() => void this.#refresh(), EVERY) : undefined;
	}
}
