/**
 * Where nodes stand, left to right, by the layered algorithm of the Eclipse Layout Kernel: in a worker, so that a large
 * graph does not hold the page up.
 */
import type { ELK, ElkNode } from 'elkjs/lib/elk-api';
import { edgesOf, nodesById, positionOf, type DefinitionJson } from './definition';
import { NODE_WIDTH, nodeHeight, portOffset, sidePorts } from './size';

export type Positions = Map<string, { x: number; y: number }>;

const OPTIONS = {
	'elk.algorithm': 'layered',
	'elk.direction': 'RIGHT',
	'elk.layered.spacing.nodeNodeBetweenLayers': '72',
	'elk.spacing.nodeNode': '36',
	'elk.spacing.edgeNode': '20',
	'elk.spacing.componentComponent': '60',
	'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
	'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX'
};

let kernel: Promise<ELK> | undefined;

function elk(): Promise<ELK> {
	kernel ??= (async () => {
		const [{ default: Kernel }, { default: workerUrl }] = await Promise.all([
			import('elkjs/lib/elk-api'),
			import('elkjs/lib/elk-worker.min.js?url')
		]);
		return new Kernel({ workerUrl });
	})();
	return kernel;
}

/** Lay a definition out anew. */
export async function layOut(definition: DefinitionJson): Promise<Positions> {
	const nodes = nodesById(definition);
	const children: ElkNode[] = [...nodes.values()].map((node) => ({
		id: node.id,
		width: NODE_WIDTH,
		height: nodeHeight(node),
		layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
		ports: [
			{ id: `${node.id}:in`, width: 1, height: 1, x: 0, y: 26, layoutOptions: { 'elk.port.side': 'WEST' } },
			...sidePorts(node).map((port, index) => ({
				id: `${node.id}:${port.id}`,
				width: 1,
				height: 1,
				x: NODE_WIDTH,
				y: portOffset(node, index),
				layoutOptions: { 'elk.port.side': 'EAST' }
			})),
			{
				id: `${node.id}:below`,
				width: 1,
				height: 1,
				x: NODE_WIDTH / 2,
				y: nodeHeight(node),
				layoutOptions: { 'elk.port.side': 'SOUTH' }
			}
		]
	}));
	const edges = edgesOf(definition)
		.filter((edge) => nodes.has(edge.source) && nodes.has(edge.target))
		.map((edge) => {
			const isBelow = edge.kind === 'error' || edge.kind === 'timeout';
			const side = sidePorts(nodes.get(edge.source)!).some((port) => port.id === edge.port);
			const port = isBelow ? 'below' : side ? edge.port : 'below';
			return { id: edge.id, sources: [`${edge.source}:${port}`], targets: [`${edge.target}:in`] };
		});
	const placed = await (await elk()).layout({ id: 'root', layoutOptions: OPTIONS, children, edges });
	return new Map(
		(placed.children ?? []).map((each) => [
			each.id,
			{ x: Math.round(each.x ?? 0), y: Math.round(each.y ?? 0) }
		])
	);
}

/** Where a definition's nodes stand: where its author put them, and all laid out anew where any has no place. */
export async function positions(definition: DefinitionJson): Promise<Positions> {
	const known: Positions = new Map();
	for (const node of nodesById(definition).values()) {
		const position = positionOf(node);
		if (position === undefined) return layOut(definition);
		known.set(node.id, position);
	}
	return known;
}
