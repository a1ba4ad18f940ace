/** Two versions of a definition as one graph: what was added, removed and changed, each in its colour. */
import type { Schemas } from '#lib/api/rest';
import { edgesOf, type DefinitionJson } from '#lib/graph/definition';
import type { EdgeMark, NodeMark } from '#lib/graph/view';

export type Difference = Schemas['DiffOut'];

/** The later version, with the nodes that only the earlier one has. */
export function together(
	before: DefinitionJson,
	after: DefinitionJson,
	difference: Difference
): DefinitionJson {
	const removed = new Set(difference.nodes.removed);
	return { ...after, nodes: [...after.nodes, ...before.nodes.filter((node) => removed.has(node.id))] };
}

export function nodeMarksOf(difference: Difference): Record<string, NodeMark> {
	const { added, removed, renamed, changed } = difference.nodes;
	return Object.fromEntries([
		...added.map((id): [string, NodeMark] => [id, { tone: 'ok', badge: '+', badgeTone: 'ok' }]),
		...removed.map((id): [string, NodeMark] => [
			id,
			{ tone: 'bad', badge: '−', badgeTone: 'bad', faint: true }
		]),
		...renamed.map(({ after }): [string, NodeMark] => [
			after,
			{ tone: 'info', badge: '→', badgeTone: 'info' }
		]),
		...changed.map(({ id }): [string, NodeMark] => [id, { tone: 'warn', badge: '~', badgeTone: 'warn' }])
	]);
}

/** The edges that only one of the versions has. */
export function edgeMarksOf(
	before: DefinitionJson,
	after: DefinitionJson,
	shown: DefinitionJson
): Record<string, EdgeMark> {
	const name = (edge: { source: string; target: string; port: string }) =>
		`${edge.source}>${edge.target}/${edge.port}`;
	const earlier = new Set(edgesOf(before).map(name));
	const later = new Set(edgesOf(after).map(name));
	const marks: Record<string, EdgeMark> = {};
	for (const edge of edgesOf(shown)) {
		if (!later.has(name(edge))) marks[edge.id] = { tone: 'bad', faint: true };
		else if (!earlier.has(name(edge))) marks[edge.id] = { tone: 'ok', width: 2 };
	}
	return marks;
}
