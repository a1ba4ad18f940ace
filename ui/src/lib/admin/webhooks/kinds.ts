/** The kinds of events that webhooks can be told of, and choosing among them. */

export type Area = 'execution' | 'task' | 'workflow' | 'step' | 'other';

/** By area; within each what most people want first. */
export const KINDS: Record<Area, readonly string[]> = {
	execution: [
		'execution.started',
		'execution.completed',
		'execution.failed',
		'execution.timed_out',
		'execution.cancelled',
		'execution.created',
		'execution.paused',
		'execution.resumed',
		'execution.retried',
		'execution.rolled_back',
		'execution.compensation_started',
		'execution.fallback_started',
		'execution.awaiting_validation',
		'execution.validated',
		'execution.submitted',
		'execution.approved',
		'execution.rejected',
		'execution.migrated',
		'execution.recovered'
	],
	task: ['task.created', 'task.claimed', 'task.released', 'task.completed', 'task.cancelled', 'task.changed'],
	workflow: ['workflow.published', 'workflow.changed', 'workflow.edited'],
	step: [
		'step.started',
		'step.completed',
		'step.failed',
		'step.retry_scheduled',
		'step.timed_out',
		'step.cancelled',
		'step.skipped',
		'step.held',
		'step.settled',
		'step.amended',
		'step.compensation_started',
		'step.compensated',
		'step.compensation_retry_scheduled',
		'step.compensation_failed',
		'step.compensation_skipped'
	],
	other: ['branch.completed', 'branch.failed', 'data.changed', 'signal.received', 'command.refused']
};

export const AREAS = Object.keys(KINDS) as Area[];
export const EVERYTHING = '*';

/** What stands for all of an area; the kinds of `other` have nothing in common. */
export function wholeOf(area: Area): string | undefined {
	return area === 'other' ? undefined : `${area}.*`;
}

/** Whether a kind is among what is chosen, by itself or by a pattern. */
export function isChosen(chosen: readonly string[], kind: string): boolean {
	return chosen.includes(EVERYTHING) || chosen.includes(kind) || chosen.includes(`${kind.split('.')[0]}.*`);
}

/** What is chosen once a kind was ticked or unticked: a pattern gives way to the kinds that are left of it. */
export function toggled(chosen: readonly string[], kind: string, isOn: boolean): string[] {
	const area = areaOf(kind);
	const whole = area && wholeOf(area);
	if (isOn) return isChosen(chosen, kind) ? [...chosen] : [...chosen, kind];
	if (!area || !whole || !chosen.includes(whole)) return chosen.filter((each) => each !== kind);
	return [...chosen.filter((each) => each !== whole), ...KINDS[area].filter((each) => each !== kind)];
}

/** What is chosen once all of an area was ticked or unticked. */
export function areaToggled(chosen: readonly string[], area: Area, isOn: boolean): string[] {
	const whole = wholeOf(area);
	const others = chosen.filter((each) => each !== whole && !KINDS[area].includes(each));
	return isOn ? [...others, ...(whole ? [whole] : KINDS[area])] : others;
}

/** How much of an area is chosen. */
export function extent(chosen: readonly string[], area: Area): 'all' | 'some' | 'none' {
	const count = KINDS[area].filter((kind) => isChosen(chosen, kind)).length;
	return count === 0 ? 'none' : count === KINDS[area].length ? 'all' : 'some';
}

function areaOf(kind: string): Area | undefined {
	return AREAS.find((area) => KINDS[area].includes(kind));
}
