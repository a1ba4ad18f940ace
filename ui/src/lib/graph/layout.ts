/**
 * Where nodes stand, left to right, by the layered algorithm of the Eclipse Layout Kernel: in a worker, so that a large
 * graph does not hold the page up.
 */
import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api';
import { edgesOf, nodesById, positionOf, type DefinitionJson } from './definition';
import { NODE_WIDTH, nodeHeight, portOffset, sidePorts } from './size';

export interface Point {
	x: number;
	y: number;
}

/** By node id. */
export type Positions = Map<string, Point>;

export interface Arrangement {
	places: Positions;
	/** By edge id: the corners of its way around nodes, from end to end; none where its author placed the nodes. */
	routes: Map<string, Point[]>;
}

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

/**
 * Lay a definition out anew.
 *
 * @param definition the definition.
 * @param isEdited whether it is drawn on: see `sidePorts`.
 */
export async function layOut(definition: DefinitionJson, isEdited = true): Promise<Arrangement> {
	const nodes = nodesById(definition);
	const children: ElkNode[] = [...nodes.values()].map((node) => ({
		id: node.id,
		width: NODE_WIDTH,
		height: nodeHeight(node, isEdited),
		layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
		ports: [
			{ id: `${node.id}:in`, width: 1, height: 1, x: 0, y: 26, layoutOptions: { 'elk.port.side': 'WEST' } },
			...sidePorts(node, isEdited).map((port, index) => ({
				id: `${node.id}:${port.id}`,
				width: 1,
				height: 1,
				x: NODE_WIDTH,
				y: portOffset(node, index, isEdited),
				layoutOptions: { 'elk.port.side': 'EAST' }
			})),
			{
				id: `${node.id}:below`,
				width: 1,
				height: 1,
				x: NODE_WIDTH / 2,
				y: nodeHeight(node, isEdited),
				layoutOptions: { 'elk.port.side': 'SOUTH' }
			}
		]
	}));
	const edges: ElkExtendedEdge[] = edgesOf(definition)
		.filter((edge) => nodes.has(edge.source) && nodes.has(edge.target))
		.map((edge) => {
			const isBelow = edge.kind === 'error' || edge.kind === 'timeout';
			const side = sidePorts(nodes.get(edge.source)!).some((port) => port.id === edge.port);
			const port = isBelow ? 'below' : side ? edge.port : 'below';
			return { id: edge.id, sources: [`${edge.source}:${port}`], targets: [`${edge.target}:in`] };
		});
	const placed = await (await elk()).layout({ id: 'root', layoutOptions: OPTIONS, children, edges });
	const places: Positions = new Map(
		(placed.children ?? []).map((each) => [each.id, rounded({ x: each.x ?? 0, y: each.y ?? 0 })])
	);
	const routes = new Map<string, Point[]>();
	for (const { id, sections } of placed.edges ?? []) {
		const [way] = sections ?? [];
		if (way) routes.set(id, [way.startPoint, ...(way.bendPoints ?? []), way.endPoint].map(rounded));
	}
	return { places, routes };
}

const rounded = ({ x, y }: Point): Point => ({ x: Math.round(x), y: Math.round(y) });

/** Where what is only looked at stands: where its author put it, and all laid out anew where any node has no place. */
export async function arrangement(definition: DefinitionJson): Promise<Arrangement> {
	const places: Positions = new Map();
	for (const node of nodesById(definition).values()) {
		const position = positionOf(node);
		if (position === undefined) return layOut(definition, false);
		places.set(node.id, position);
	}
	return { places, routes: new Map() };
}
