/** A definition as nodes and edges of Svelte Flow, for graphs that are looked at. */
import { MarkerType, Position as Side, type Edge, type Node } from '@xyflow/svelte';
import type { Tone } from '#lib/ui/tone';
import { edgesOf, nodesById, type DefinitionJson, type EdgeJson, type NodeJson } from './definition';
import type { Arrangement, Positions } from './layout';
import { edgeLabel } from './ports';
import { NODE_WIDTH, nodeHeight, portOffset, sidePorts } from './size';

/** What a page says of a node. */
export interface NodeMark {
	/** A status of an execution's step. */
	status?: string | undefined;
	tone?: Tone | undefined;
	faint?: boolean;
	/** Short text at the corner: a count, a duration. */
	badge?: string | undefined;
	badgeTone?: Tone;
}

/** What a page says of an edge. */
export interface EdgeMark {
	tone?: Tone;
	/** Pixels. */
	width?: number;
	/** Instead of the edge's own label. */
	label?: string;
	animated?: boolean;
	faint?: boolean;
}

export type ViewNodeType = Node<{ node: NodeJson; mark: NodeMark }, 'view'>;

const TONES: Record<Tone, string> = {
	neutral: 'var(--line-strong)',
	accent: 'var(--accent)',
	ok: 'var(--ok)',
	warn: 'var(--warn)',
	bad: 'var(--bad)',
	info: 'var(--info)',
	undo: 'var(--undo)'
};

export function viewNodes(
	definition: DefinitionJson,
	places: Positions,
	marks: Readonly<Record<string, NodeMark>>,
	selected: string | undefined
): ViewNodeType[] {
	return [...nodesById(definition).values()].map((node) => ({
		id: node.id,
		type: 'view',
		position: places.get(node.id) ?? { x: 0, y: 0 },
		width: NODE_WIDTH,
		height: nodeHeight(node, false),
		measured: { width: NODE_WIDTH, height: nodeHeight(node, false) },
		handles: handlesOf(node),
		data: { node, mark: marks[node.id] ?? {} },
		selected: node.id === selected,
		draggable: false,
		connectable: false,
		deletable: false,
		ariaLabel: node.name || node.id
	}));
}

/** Told and not measured: edges to nodes that are out of sight are drawn, too, and all of them can be shown at once. */
function handlesOf(node: NodeJson): NonNullable<ViewNodeType['handles']> {
	const size = { width: 1, height: 1 };
	return [
		{ type: 'target', position: Side.Left, x: 0, y: 26, ...size },
		...sidePorts(node, false).map((port, index) => ({
			id: port.id,
			type: 'source' as const,
			position: Side.Right,
			x: NODE_WIDTH - 1,
			y: portOffset(node, index, false),
			...size
		})),
		{
			id: 'below',
			type: 'source',
			position: Side.Bottom,
			x: NODE_WIDTH / 2,
			y: nodeHeight(node, false) - 1,
			...size
		}
	];
}

export function viewEdges(
	definition: DefinitionJson,
	marks: Readonly<Record<string, EdgeMark>>,
	routes: Arrangement['routes'] = new Map()
): Edge[] {
	const nodes = nodesById(definition);
	return edgesOf(definition)
		.filter((edge) => nodes.has(edge.source) && nodes.has(edge.target))
		.map((edge) => {
			const drawn = flowEdge(edge, nodes.get(edge.source)!, marks[edge.id] ?? {});
			const route = routes.get(edge.id);
			return route ? { ...drawn, type: 'routed', data: { route } } : drawn;
		});
}

/** An edge as Svelte Flow draws it. */
export function flowEdge(edge: EdgeJson, source: NodeJson, mark: EdgeMark): Edge {
	const ports = sidePorts(source);
	const isSide = ports.some((port) => port.id === edge.port);
	const tone = mark.tone ?? (edge.kind === 'error' ? 'bad' : edge.kind === 'timeout' ? 'warn' : 'neutral');
	const colour = TONES[tone];
	const isDashed = edge.kind === 'dependency' || edge.kind === 'error' || edge.kind === 'timeout';
	const label = mark.label ?? (isSide && ports.length > 1 ? undefined : edgeLabel(edge));
	return {
		id: edge.id,
		source: edge.source,
		target: edge.target,
		sourceHandle: isSide ? edge.port : 'below',
		type: 'smoothstep',
		animated: mark.animated ?? false,
		...(label !== undefined && { label }),
		style: `stroke: ${colour}; stroke-width: ${mark.width ?? 1.5}px; ${isDashed ? 'stroke-dasharray: 5 4;' : ''} ${mark.faint ? 'opacity: 0.35;' : ''}`,
		// a head of its own size, however thick its edge is
		markerEnd: {
			type: MarkerType.ArrowClosed,
			color: colour,
			width: 22,
			height: 22,
			markerUnits: 'userSpaceOnUse'
		},
		selectable: false,
		focusable: false
	};
}
