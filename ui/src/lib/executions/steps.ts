/** Steps of an execution that can be acted on. */
import { isOpen, UNDOING, type RunState, type StepRun } from './replay';

/** Ids of the nodes that were reached and not left behind, in the order in which they began. */
export function stepNames(state: RunState): string[] {
	return [...new Set([...state.runs.values()].filter((run) => !run.isLeft).map((run) => run.stepId))];
}

/** The step whose failure ended the execution, or whose compensation failed. */
export function failedStep(state: RunState): StepRun | undefined {
	const runs = [...state.runs.values()];
	if (state.status === UNDOING) return runs.findLast((run) => run.status === UNDOING);
	const named = state.error?.stepId;
	return runs.findLast((run) => run.status === 'failed' && (named === undefined || run.stepId === named));
}

/** Steps that can be passed over now. */
export function skippable(state: RunState): StepRun[] {
	const runs = [...state.runs.values()];
	const open = runs.filter((run) => isOpen(run) && !run.isLeft);
	const failed = failedStep(state);
	const isOver = ['failed', 'timed_out', UNDOING].includes(state.status);
	return isOver && failed ? [failed] : open;
}

/** Names of the events that steps wait for. */
export function awaitedEvents(state: RunState): string[] {
	const names = [...state.runs.values()]
		.filter((run) => run.status === 'waiting' && !run.isLeft)
		.flatMap((run) => (run.event ? [run.event] : []));
	return [...new Set(names)];
}
