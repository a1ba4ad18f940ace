/** A process map as marks on the workflow's graph. */
import type { Schemas } from '#lib/api/rest';
import { edgesOf, type DefinitionJson } from '#lib/graph/definition';
import type { EdgeMark, NodeMark } from '#lib/graph/view';
import type { Tone } from '#lib/ui/tone';

export type ProcessMap = Schemas['ProcessMapOut'];
export type MapNode = ProcessMap['nodes'][number];
type MapEdge = ProcessMap['edges'][number];

/** What the map tells: how often, how long, or how often it failed. */
export type Measure = 'count' | 'duration' | 'failures';

const THINNEST = 1;
const THICKEST = 6;

/** How a number is written. */
export interface Formats {
	count: (value: number) => string;
	duration: (milliseconds: number) => string;
	share: (share: number) => string;
}

/** The marks of nodes: a number each, and a colour where that number stands out. */
export function nodeMarks(map: ProcessMap, measure: Measure, formats: Formats): Record<string, NodeMark> {
	const slowest = Math.max(0, ...map.nodes.map((node) => node.durationMedianMs ?? 0));
	const marks: Record<string, NodeMark> = {};
	for (const node of map.nodes) {
		if (node.visits === 0) {
			marks[node.nodeId] = { faint: true };
			continue;
		}
		const [badge, tone] = badgeOf(node, measure, slowest, formats);
		marks[node.nodeId] = { badge, badgeTone: tone, ...(tone !== 'neutral' && { tone }) };
	}
	return marks;
}

function badgeOf(node: MapNode, measure: Measure, slowest: number, formats: Formats): [string, Tone] {
	const bad = node.failures + node.timeouts;
	if (measure === 'count') return [formats.count(node.visits), 'neutral'];
	if (measure === 'failures') return [formats.share(bad / node.visits), bad > 0 ? 'bad' : 'neutral'];
	const median = node.durationMedianMs;
	if (median === null) return ['–', 'neutral'];
	return [formats.duration(median), slowest > 0 && median > slowest / 2 ? 'warn' : 'neutral'];
}

/** The marks of edges: the more often one was taken, the thicker it is. */
export function edgeMarks(
	map: ProcessMap,
	definition: DefinitionJson,
	measure: Measure,
	formats: Formats
): Record<string, EdgeMark> {
	const most = Math.max(1, ...map.edges.map((edge) => edge.count));
	const marks: Record<string, EdgeMark> = {};
	for (const edge of edgesOf(definition)) {
		const told = edgeOf(map.edges, edge.source, edge.target, edge.label);
		if (!told || told.count === 0) {
			marks[edge.id] = { faint: true, width: THINNEST };
			continue;
		}
		// the root keeps ways that are seldom taken in sight beside those that are taken always
		const width = THINNEST + (THICKEST - THINNEST) * Math.sqrt(told.count / most);
		const time = told.medianMs === null ? undefined : formats.duration(told.medianMs);
		const number = measure === 'duration' ? time : formats.count(told.count);
		const label = [edge.label, number].filter((part) => part !== undefined).join(' · ');
		marks[edge.id] = { width: Math.round(width * 10) / 10, ...(label !== '' && { label }), tone: 'accent' };
	}
	return marks;
}

/** The way that the server tells of; its label counts where there are several between two nodes. */
function edgeOf(
	edges: readonly MapEdge[],
	from: string,
	to: string,
	label: string | undefined
): MapEdge | undefined {
	const between = edges.filter((edge) => edge.from === from && edge.to === to);
	return between.find((edge) => edge.label === label) ?? between[0];
}
