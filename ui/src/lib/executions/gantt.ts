/** When steps and their attempts were at work, waited, and were to be tried again: as bars on one line of time. */
import { isOpen, type RunState, type StepRun } from './replay';

export interface Bar {
	/** Share of the whole, from 0 to 1. */
	left: number;
	width: number;
	kind: 'work' | 'wait' | 'pause' | 'undo';
	/** The attempt's; `retrying` for the pause before the next. */
	status: string;
	/** Milliseconds. */
	length: number;
	number: number;
}

export interface Line {
	run: StepRun;
	bars: Bar[];
}

export interface Gantt {
	/** Milliseconds since 1970. */
	from: number;
	to: number;
	lines: Line[];
}

/**
 * The timeline of an execution.
 *
 * @param now where what has not ended ends meanwhile, milliseconds since 1970.
 */
export function gantt(state: RunState, now: number): Gantt | undefined {
	const runs = [...state.runs.values()];
	const [first] = runs;
	if (first === undefined) return undefined;
	const from = Math.min(state.startedAt ?? first.startedAt, first.startedAt);
	const ends = runs.flatMap((run) => [
		run.endedAt ?? 0,
		...run.attempts.map((attempt) => attempt.endedAt ?? 0)
	]);
	const isGoingOn = runs.some((run) => isOpen(run) || run.status === 'compensating');
	const to = Math.max(isGoingOn ? now : 0, state.endedAt ?? 0, ...chunked(ends), from + 1);
	const whole = to - from;
	const lines = runs.map((run) => ({
		run,
		bars: run.attempts.flatMap((attempt, index): Bar[] => {
			const end = attempt.endedAt ?? (isOpen(run) || run.status === 'compensating' ? to : attempt.startedAt);
			const bars: Bar[] = [
				{
					left: (attempt.startedAt - from) / whole,
					width: (end - attempt.startedAt) / whole,
					kind: attempt.isUndo ? 'undo' : attempt.waiting === undefined ? 'work' : 'wait',
					status: attempt.status,
					length: end - attempt.startedAt,
					number: attempt.number
				}
			];
			if (attempt.retryAt !== undefined && attempt.endedAt !== undefined) {
				// until the next attempt began, or, while none has, until now
				const next = run.attempts[index + 1]?.startedAt ?? Math.min(attempt.retryAt, to);
				bars.push({
					left: (attempt.endedAt - from) / whole,
					width: Math.max(0, next - attempt.endedAt) / whole,
					kind: 'pause',
					status: 'retrying',
					length: next - attempt.endedAt,
					number: attempt.number
				});
			}
			return bars;
		})
	}));
	// what takes no time has no attempt: a mark at its moment
	for (const line of lines) {
		if (line.bars.length > 0) continue;
		line.bars.push({
			left: (line.run.startedAt - from) / whole,
			width: 0,
			kind: 'work',
			status: line.run.status,
			length: 0,
			number: 1
		});
	}
	return { from, to, lines };
}

/** The largest of each so many, since arguments of a call are limited. */
function chunked(values: readonly number[]): number[] {
	const SIZE = 10_000;
	const found: number[] = [];
	for (let start = 0; start < values.length; start += SIZE) {
		found.push(Math.max(...values.slice(start, start + SIZE)));
	}
	return found;
}
