/**
 * The fold of an execution's log into what the page shows: the counterpart of `machine/folding.py`, as far as people
 * look at it. Whatever was decided stands in the events, so neither definition nor expressions are needed.
 *
 * `fold` changes nothing that it is given: what has not changed is the same object before and after, so a page draws
 * anew only what has.
 */
import { factsOf, momentOf, type LogEvent } from './log';

export type Json = unknown;

/** How something went wrong. */
export interface ErrorFacts {
	code?: string;
	message?: string;
	retryable?: boolean;
	details?: Json;
	stepId?: string;
}

/** One try of a step, or of what undoes it. */
export interface Attempt {
	number: number;
	/** Milliseconds since 1970. */
	startedAt: number;
	endedAt?: number;
	status: string;
	/** What it does meanwhile, where that is to wait: `time`, `event`, `task`, `child` or `job`. */
	waiting?: string;
	error?: ErrorFacts;
	/** When the next begins. */
	retryAt?: number;
	/** It undoes the step. */
	isUndo?: boolean;
}

/** One activation of a node. */
export interface StepRun {
	/** Unique in the execution; what the API calls `stepKey`. */
	key: string;
	stepId: string;
	scope: string | null;
	visit: number;
	status: string;
	/** Number of the event that began it, and of the last one about it. */
	firstSeq: number;
	lastSeq: number;
	/** Milliseconds since 1970. */
	startedAt: number;
	endedAt?: number;
	attempts: readonly Attempt[];
	input?: Json;
	output?: Json;
	error?: ErrorFacts;
	/** What it waits for now. */
	waiting?: string;
	event?: string;
	correlation?: string;
	assignTo?: Json;
	child?: string;
	/** When its timer fires, milliseconds since 1970. */
	dueAt?: number;
	/** Where its token went, where that was chosen. */
	next?: Json;
	reason?: string;
	by?: string;
	/** How many branches or iterations it has, and how many have ended. */
	branches?: { total?: number; ended: number; failed: number };
	/** It belongs to a stretch that the execution has gone back behind. */
	isLeft?: boolean;
	canBeUndone?: boolean;
}

export interface RunState {
	/** Number of the last event folded in. */
	seq: number;
	status: string;
	/** Milliseconds since 1970, as all times here. */
	at?: number;
	startedAt?: number;
	endedAt?: number;
	deadline?: number;
	data: Readonly<Record<string, Json>>;
	output: Json;
	error?: ErrorFacts;
	version?: number;
	/** By key, in the order in which they began. */
	runs: ReadonlyMap<string, StepRun>;
	/** Nodes before which a token waits during a pause. */
	held: readonly string[];
	/** Where an ongoing compensation goes back to. */
	undoing?: { toSeq: number; then: string };
	validation: readonly { stepId: string; pointer: string; message: string }[];
	/** The shared data after each event that changed it, the latest last. */
	dataHistory: readonly { seq: number; data: Readonly<Record<string, Json>> }[];
}

/** The state before the first event. */
export function beginning(input: Readonly<Record<string, Json>>): RunState {
	return {
		seq: 0,
		status: 'pending',
		data: input,
		output: null,
		runs: new Map(),
		held: [],
		validation: [],
		dataHistory: [{ seq: 0, data: input }]
	};
}

/** The state after further events. Those that are in it already are passed over. */
export function fold(state: RunState, events: readonly LogEvent[]): RunState {
	const fresh = events.filter((event) => event.seq > state.seq);
	if (fresh.length === 0) return state;
	const folding = new Folding(state);
	for (const event of fresh) folding.apply(event);
	return folding.result();
}

/** Whether a step is under way. */
export function isOpen(run: StepRun): boolean {
	return ['running', 'waiting', 'retrying'].includes(run.status);
}

/** What a step's status is while its compensation is under way. */
export const UNDOING = 'compensating';

const ROOT_STATUS: Record<string, string> = {
	WORKFLOW_CREATED: 'draft',
	WORKFLOW_COMPLETED: 'completed',
	WORKFLOW_FAILED: 'failed',
	WORKFLOW_CANCELLED: 'cancelled',
	WORKFLOW_TIMED_OUT: 'timed_out',
	WORKFLOW_PAUSED: 'paused',
	WORKFLOW_AWAITING_VALIDATION: 'awaiting_validation',
	WORKFLOW_SUBMITTED: 'submitted',
	WORKFLOW_COMPENSATION_STARTED: UNDOING
};

const ENDS: Record<string, string> = {
	STEP_COMPLETED: 'completed',
	STEP_FAILED: 'failed',
	STEP_TIMED_OUT: 'timed_out',
	STEP_SKIPPED: 'skipped',
	STEP_CANCELLED: 'cancelled'
};

/** The key of an activation: as in `model/stepkey.py`. */
export function keyOf(stepId: string, scope: string | null | undefined, visit: number): string {
	return `${stepId}${visit > 1 ? `~${visit}` : ''}${scope ? `@${scope}` : ''}`;
}

class Folding {
	#state: RunState;
	#runs: Map<string, StepRun>;
	#dataHistory: { seq: number; data: Readonly<Record<string, Json>> }[];

	constructor(state: RunState) {
		this.#state = { ...state };
		this.#dataHistory = [...state.dataHistory];
		this.#runs = new Map(state.runs);
	}

	result(): RunState {
		const { status } = this.#state;
		return {
			...this.#state,
			status: status === 'running' && this.#isWaiting() ? 'waiting' : status,
			runs: this.#runs,
			dataHistory: this.#dataHistory
		};
	}

	apply(event: LogEvent): void {
		const state = this.#state;
		if (state.status === 'waiting') state.status = 'running';
		state.seq = event.seq;
		state.at = momentOf(event);
		if (event.type.startsWith('STEP_COMPENS')) this.#undoEvent(event);
		else if (event.type.startsWith('STEP_')) this.#stepEvent(event);
		else if (event.type.startsWith('BRANCH_')) this.#branchEnded(event);
		else this.#rootEvent(event);
	}

	/** Nothing is at work: every open step waits, but for those that only hold others. */
	#isWaiting(): boolean {
		let isAnyOpen = false;
		for (const run of this.#runs.values()) {
			if (!isOpen(run) || run.isLeft) continue;
			isAnyOpen = true;
			if (run.status === 'running' && run.branches === undefined) return false;
		}
		return isAnyOpen;
	}

	#rootEvent(event: LogEvent): void {
		const state = this.#state;
		const facts = factsOf(event);
		const status = ROOT_STATUS[event.type];
		if (status !== undefined) state.status = status;
		switch (event.type) {
			case 'WORKFLOW_STARTED': {
				state.startedAt = momentOf(event);
				setOrRemove(state, 'deadline', seconds(facts['deadline']));
				if (state.status !== 'paused') state.status = 'running';
				break;
			}
			case 'WORKFLOW_COMPLETED':
			case 'WORKFLOW_FAILED':
			case 'WORKFLOW_CANCELLED':
			case 'WORKFLOW_TIMED_OUT': {
				state.endedAt = momentOf(event);
				state.output = facts['output'] ?? null;
				setOrRemove(state, 'error', facts['error'] as ErrorFacts | undefined);
				state.held = [];
				delete state.undoing;
				delete state.deadline;
				break;
			}
			case 'WORKFLOW_PAUSED': {
				if (facts['error'] !== undefined) state.error = facts['error'] as ErrorFacts;
				break;
			}
			case 'WORKFLOW_RESUMED': {
				state.status = state.startedAt !== undefined ? 'running' : facts['draft'] ? 'draft' : 'pending';
				state.held = [];
				delete state.error;
				break;
			}
			case 'WORKFLOW_COMPENSATION_STARTED': {
				state.undoing = { toSeq: Number(facts['toSeq'] ?? 0), then: String(facts['then'] ?? '') };
				state.held = [];
				state.output = null;
				delete state.error;
				delete state.endedAt;
				break;
			}
			case 'WORKFLOW_ROLLED_BACK':
			case 'WORKFLOW_RETRIED': {
				this.#goBack(event);
				break;
			}
			case 'WORKFLOW_REJECTED': {
				if (facts['stepId'] === undefined) state.status = 'awaiting_validation';
				break;
			}
			case 'WORKFLOW_VALIDATED': {
				state.validation = Array.isArray(facts['errors']) ? (facts['errors'] as RunState['validation']) : [];
				break;
			}
			case 'WORKFLOW_MIGRATED': {
				state.version = Number(facts['version']);
				this.#rename((facts['nodes'] ?? {}) as Record<string, string>);
				break;
			}
			case 'DATA_CHANGED': {
				const removed = new Set(facts['removed'] as string[] | undefined);
				const kept = Object.entries(state.data).filter(([name]) => !removed.has(name));
				this.#setData({ ...Object.fromEntries(kept), ...(facts['data'] as Record<string, Json>) });
			}
		}
	}

	#stepEvent(event: LogEvent): void {
		const facts = factsOf(event);
		if (event.stepId === null) return;
		switch (event.type) {
			case 'STEP_STARTED': {
				this.#started(event);
				return;
			}
			case 'STEP_HELD': {
				this.#state.held = [...this.#state.held, event.stepId];
				return;
			}
			case 'STEP_RETRY_SCHEDULED': {
				this.#change(event, (run) => ({
					status: 'retrying',
					error: facts['error'] as ErrorFacts,
					...due(facts),
					attempts: withLast(run.attempts, {
						endedAt: momentOf(event),
						status: 'failed',
						error: facts['error'] as ErrorFacts,
						...(seconds(facts['dueAt']) !== undefined && { retryAt: seconds(facts['dueAt'])! })
					})
				}));
				return;
			}
			case 'STEP_AMENDED': {
				this.#change(event, () => ({ output: facts['output'], ...bySomebody(facts) }));
				this.#patchData(facts);
				return;
			}
			case 'STEP_SETTLED': {
				this.#change(event, () => ({}));
				return;
			}
		}
		const status = ENDS[event.type];
		if (status === undefined) return;
		this.#change(event, (run) => {
			const error = facts['error'] as ErrorFacts | undefined;
			const last = run.attempts.at(-1);
			return {
				status,
				endedAt: momentOf(event),
				...('output' in facts && { output: facts['output'] }),
				...(error !== undefined && { error }),
				...('next' in facts && { next: facts['next'] }),
				...('case' in facts && { next: facts['case'] }),
				...('undo' in facts && { canBeUndone: true }),
				...bySomebody(facts),
				attempts:
					last?.endedAt === undefined
						? withLast(run.attempts, {
								endedAt: momentOf(event),
								status,
								...(error !== undefined && { error })
							})
						: run.attempts
			};
		});
		this.#forgetWaiting(event);
		this.#patchData(facts);
		if (facts['ends']) this.#iterationEnded(event);
	}

	#started(event: LogEvent): void {
		const facts = factsOf(event);
		const number = Number(facts['attempt'] ?? 1);
		const waiting = facts['waiting'] as string | undefined;
		const status = waiting === undefined ? 'running' : 'waiting';
		const loop = facts['loop'] as { items?: unknown[] } | undefined;
		const names = facts['branches'] as unknown[] | undefined;
		const attempt: Attempt = {
			number,
			startedAt: momentOf(event),
			status,
			...(waiting !== undefined && { waiting })
		};
		this.#change(event, (run) => ({
			status,
			attempts: [...run.attempts, attempt],
			...('input' in facts && { input: facts['input'] }),
			...(waiting !== undefined && { waiting }),
			...(typeof facts['event'] === 'string' && { event: facts['event'] }),
			...(typeof facts['correlation'] === 'string' && { correlation: facts['correlation'] }),
			...(typeof facts['child'] === 'string' && { child: facts['child'] }),
			...('assignTo' in facts && { assignTo: facts['assignTo'] }),
			...due(facts),
			...(loop !== undefined && {
				branches: {
					ended: 0,
					failed: 0,
					...(Array.isArray(loop.items) && { total: loop.items.length })
				}
			}),
			...(names !== undefined && { branches: { ended: 0, failed: 0, total: names.length } })
		}));
	}

	#undoEvent(event: LogEvent): void {
		const facts = factsOf(event);
		const error = facts['error'] as ErrorFacts | undefined;
		const at = momentOf(event);
		switch (event.type) {
			case 'STEP_COMPENSATION_STARTED': {
				const attempt: Attempt = {
					number: Number(facts['attempt'] ?? 1),
					startedAt: at,
					status: 'running',
					isUndo: true
				};
				this.#change(event, (run) => ({ status: UNDOING, attempts: [...run.attempts, attempt] }));
				delete this.#state.error;
				return;
			}
			case 'STEP_COMPENSATION_RETRY_SCHEDULED':
			case 'STEP_COMPENSATION_FAILED': {
				const retryAt = seconds(facts['dueAt']);
				this.#change(event, (run) => ({
					...(error !== undefined && { error }),
					attempts: withLast(run.attempts, {
						endedAt: at,
						status: 'failed',
						...(error !== undefined && { error }),
						...(retryAt !== undefined && { retryAt })
					})
				}));
				if (event.type === 'STEP_COMPENSATION_FAILED' && error !== undefined) this.#state.error = error;
				return;
			}
			case 'STEP_COMPENSATION_SKIPPED': {
				this.#change(event, () => ({
					status: 'completed',
					canBeUndone: false,
					...bySomebody(facts)
				}));
				delete this.#state.error;
				return;
			}
			case 'STEP_COMPENSATED': {
				this.#change(event, (run) => ({
					status: 'compensated',
					canBeUndone: false,
					attempts: withLast(run.attempts, { endedAt: at, status: 'compensated' })
				}));
			}
		}
	}

	#branchEnded(event: LogEvent): void {
		const hasFailed = event.type === 'BRANCH_FAILED';
		this.#change(event, ({ branches }) => ({
			branches: {
				...branches,
				ended: (branches?.ended ?? 0) + 1,
				failed: (branches?.failed ?? 0) + (hasFailed ? 1 : 0)
			}
		}));
	}

	/** The iteration that a step was in has ended with it. */
	#iterationEnded(event: LogEvent): void {
		const around = event.scope?.split('/').at(-1)?.split(':');
		if (around === undefined) return;
		const outer = event.scope!.split('/').slice(0, -1).join('/');
		const key = keyOf(around[0] ?? '', outer, Number(around[1] ?? 1));
		const run = this.#runs.get(key);
		if (run?.branches) {
			this.#runs.set(key, { ...run, branches: { ...run.branches, ended: run.branches.ended + 1 } });
		}
	}

	#goBack(event: LogEvent): void {
		const state = this.#state;
		const facts = factsOf(event);
		const toSeq = Number(facts['toSeq'] ?? 0);
		const then = this.#dataHistory.findLast((each) => each.seq <= toSeq)?.data ?? {};
		for (const run of this.#runs.values()) {
			const isBehind = run.firstSeq > toSeq || (run.lastSeq > toSeq && isOpen(run));
			if (!isBehind && !isOpen(run)) continue;
			const isHolder = run.branches !== undefined && !isBehind;
			if (isHolder) continue;
			this.#runs.set(run.key, {
				...run,
				isLeft: true,
				...(isOpen(run) && { status: 'cancelled', endedAt: momentOf(event) })
			});
		}
		state.status = facts['halts'] ? 'rolled_back' : 'running';
		state.output = null;
		state.held = [];
		delete state.error;
		delete state.endedAt;
		delete state.undoing;
		setOrRemove(state, 'deadline', seconds(facts['deadline']));
		this.#setData({ ...then, ...(facts['data'] as Record<string, Json> | undefined) });
	}

	/** Nodes have other ids from here on. */
	#rename(names: Record<string, string>): void {
		if (Object.keys(names).length === 0) return;
		const renamed = [...this.#runs.values()].map((run) => {
			const stepId = names[run.stepId] ?? run.stepId;
			const scope = run.scope
				?.split('/')
				.map((part) => {
					const [node = '', ...rest] = part.split(':');
					return [names[node] ?? node, ...rest].join(':');
				})
				.join('/');
			return { ...run, stepId, scope: scope ?? null, key: keyOf(stepId, scope, run.visit) };
		});
		this.#runs = new Map(renamed.map((run) => [run.key, run]));
	}

	#change(event: LogEvent, change: (run: StepRun) => Partial<StepRun>): void {
		const stepId = event.stepId ?? '';
		const key = keyOf(stepId, event.scope, event.visit ?? 1);
		const known = this.#runs.get(key) ?? {
			key,
			stepId,
			scope: event.scope ?? null,
			visit: event.visit ?? 1,
			status: 'running',
			firstSeq: event.seq,
			lastSeq: event.seq,
			startedAt: momentOf(event),
			attempts: []
		};
		this.#runs.set(key, { ...known, ...change(known), lastSeq: event.seq });
	}

	#forgetWaiting(event: LogEvent): void {
		const key = keyOf(event.stepId ?? '', event.scope, event.visit ?? 1);
		const { waiting: _waiting, dueAt: _dueAt, ...run } = this.#runs.get(key)!;
		this.#runs.set(key, run);
	}

	#patchData(facts: Record<string, unknown>): void {
		if (facts['data'] !== undefined && facts['data'] !== null) {
			this.#setData({ ...this.#state.data, ...(facts['data'] as Record<string, Json>) });
		}
	}

	#setData(data: Readonly<Record<string, Json>>): void {
		this.#state.data = data;
		this.#dataHistory.push({ seq: this.#state.seq, data });
	}
}

function withLast(attempts: readonly Attempt[], change: Partial<Attempt>): Attempt[] {
	const last = attempts.at(-1);
	return last === undefined ? [] : [...attempts.slice(0, -1), { ...last, ...change }];
}

/** Milliseconds of the log's seconds. */
function seconds(value: unknown): number | undefined {
	return typeof value === 'number' ? value * 1000 : undefined;
}

function due(facts: Record<string, unknown>): { dueAt?: number } {
	const dueAt = seconds(facts['dueAt']);
	return dueAt === undefined ? {} : { dueAt };
}

function bySomebody(facts: Record<string, unknown>): { by?: string; reason?: string } {
	return {
		...(typeof facts['by'] === 'string' && { by: facts['by'] }),
		...(typeof facts['reason'] === 'string' && { reason: facts['reason'] })
	};
}

function setOrRemove<Key extends 'deadline' | 'error'>(
	state: RunState,
	key: Key,
	value: RunState[Key] | undefined
): void {
	if (value === undefined) delete state[key];
	else state[key] = value;
}

/** How each node stands: as its latest activation that counts. */
export function nodeStatuses(state: RunState): Map<string, { status: string; runs: number; failed: number }> {
	const found = new Map<string, { status: string; runs: number; failed: number }>();
	for (const run of state.runs.values()) {
		const before = found.get(run.stepId) ?? { status: '', runs: 0, failed: 0 };
		const isGone = run.isLeft && run.status !== 'compensated';
		const isBehind =
			before.status !== '' && !isOpen(run) && ['running', 'waiting', 'retrying'].includes(before.status);
		found.set(run.stepId, {
			status: isGone || isBehind ? before.status : run.status,
			runs: before.runs + 1,
			failed: before.failed + (run.status === 'failed' ? 1 : 0)
		});
	}
	for (const node of state.held) {
		const before = found.get(node);
		found.set(node, { status: 'paused', runs: before?.runs ?? 0, failed: before?.failed ?? 0 });
	}
	return found;
}
