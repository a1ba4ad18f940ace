/** How an execution stands, as marks on its workflow's graph. */
import { edgesOf, type DefinitionJson } from '#lib/graph/definition';
import type { EdgeMark, NodeMark } from '#lib/graph/view';
import type { nodeStatuses, RunState } from './replay';

export function nodeMarks(nodes: ReturnType<typeof nodeStatuses>): Record<string, NodeMark> {
	const marks: Record<string, NodeMark> = {};
	for (const [id, { status, runs, failed }] of nodes) {
		marks[id] = {
			...(status !== '' && { status }),
			...(runs > 1 && { badge: `×${runs}`, badgeTone: failed > 0 ? ('bad' as const) : ('neutral' as const) })
		};
	}
	return marks;
}

/** Edges that a token may have gone along are drawn strongly, the others faintly. */
export function edgeMarks(definition: DefinitionJson, state: RunState): Record<string, EdgeMark> {
	const live = [...state.runs.values()].filter((run) => !run.isLeft);
	const chosen = new Map(live.map((run) => [run.stepId, run.next]));
	const reached = new Set(live.map((run) => run.stepId));
	const open = new Set(live.filter((run) => run.endedAt === undefined).map((run) => run.stepId));
	const marks: Record<string, EdgeMark> = {};
	for (const edge of edgesOf(definition)) {
		const next = chosen.get(edge.source);
		const isOther =
			typeof next === 'string' && next !== edge.target && next !== edge.label && edge.kind !== 'branch';
		const isTaken =
			reached.has(edge.source) &&
			reached.has(edge.target) &&
			!isOther &&
			(edge.kind !== 'error' || live.some((run) => run.stepId === edge.source && run.status === 'failed'));
		marks[edge.id] = isTaken ? { width: 2, animated: open.has(edge.target) } : { faint: true };
	}
	return marks;
}
