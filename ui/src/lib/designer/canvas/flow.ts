/** The document as nodes and edges of Svelte Flow. What has not changed stays the same object, so is not drawn anew. */
import { MarkerType, Position as Side, type Edge, type Node } from '@xyflow/svelte';
import { edgesOf, portsOf, type EdgeJson } from '#lib/graph/definition';
import { lookOf } from '#lib/graph/looks';
import { edgeLabel } from '#lib/graph/ports';
import { NODE_WIDTH, nodeHeight, portOffset, sidePorts } from '#lib/graph/size';
import type { EdgeMark, NodeMark } from '#lib/graph/view';
import { m } from '#lib/paraglide/messages';
import type { Tone } from '#lib/ui/tone';
import {
	nameOf,
	type Definition,
	type NodeDefinition,
	type Note,
	type Position
} from '../document/definition';
import { linkOf, type Link } from '../document/links';
import type { DesignerDocument } from '../document/document.svelte';
import type { Places } from './places';

export type StepNode = Node<
	{ node: NodeDefinition; problems: number; mark: NodeMark | undefined; tabIndex: number },
	'step'
>;
export type NoteNode = Node<{ note: Note }, 'note'>;
export type FlowNode = StepNode | NoteNode;
export type FlowEdge = Edge<{ link: Link; tone: Tone; isDashed: boolean; width: number }, 'link'>;

const NOTE_PREFIX = 'note:';
const HANDLE = 1;

export const COLOURS: Record<Tone, string> = {
	neutral: 'var(--line-strong)',
	accent: 'var(--accent)',
	ok: 'var(--ok)',
	warn: 'var(--warn)',
	bad: 'var(--bad)',
	info: 'var(--info)',
	undo: 'var(--undo)'
};

/** Where on the lower side of a node its ways out for errors and timeouts begin. */
export function lowerPorts(node: NodeDefinition): { id: string; x: number }[] {
	return portsOf(node)
		.filter((port) => port.kind === 'error' || port.kind === 'timeout')
		.map((port) => ({ id: port.id, x: port.kind === 'timeout' ? 56 : NODE_WIDTH - 40 }));
}

/** The nodes and comments of a document. */
export function flowNodes(
	document: DesignerDocument,
	places: Places,
	notes: readonly Note[],
	current: readonly FlowNode[]
): FlowNode[] {
	const known = new Map(current.map((each) => [each.id, each]));
	const selected = new Set(document.selection.nodes);
	const focusable = document.selection.nodes.at(-1) ?? document.definition.nodes[0]?.id;
	const steps = document.definition.nodes.map((node): FlowNode => {
		const before = known.get(node.id);
		const position = places.get(node.id) ?? { x: 0, y: 0 };
		const problems = document.problemsByNode.get(node.id)?.length ?? 0;
		const mark = document.marks?.nodes[node.id];
		const isSelected = selected.has(node.id);
		const tabIndex = node.id === focusable ? 0 : -1;
		if (
			before?.type === 'step' &&
			before.data.node === node &&
			before.data.problems === problems &&
			before.data.mark === mark &&
			isSame(before, position, isSelected) &&
			before.data.tabIndex === tabIndex
		)
			return before;
		return {
			id: node.id,
			type: 'step',
			position,
			width: NODE_WIDTH,
			height: nodeHeight(node),
			handles: handlesOf(node),
			data: { node, problems, mark, tabIndex },
			selected: isSelected,
			// one of them is reached by Tab, the others by the arrow keys
			focusable: false,
			ariaRole: 'group',
			ariaLabel: labelOf(node, problems),
			domAttributes: attributesOf(tabIndex),
			measured: { width: NODE_WIDTH, height: nodeHeight(node) }
		};
	});
	const comments = notes.map((note): FlowNode => {
		const id = noteNodeId(note.id);
		const before = known.get(id);
		const isSelected = document.selection.notes.includes(note.id);
		if (
			before?.type === 'note' &&
			before.data.note.text === note.text &&
			before.width === note.width &&
			before.height === note.height &&
			isSame(before, note.position, isSelected)
		)
			return before;
		return {
			id,
			type: 'note',
			position: note.position,
			width: note.width,
			height: note.height,
			data: { note },
			zIndex: -1,
			selected: isSelected,
			focusable: false,
			connectable: false,
			ariaRole: 'group',
			ariaLabel: m.designer_canvas_note(),
			...(before?.measured && { measured: before.measured })
		};
	});
	return [...comments, ...steps];
}

/** The edges of a document. */
export function flowEdges(document: DesignerDocument, current: readonly FlowEdge[]): FlowEdge[] {
	const known = new Map(current.map((each) => [each.id, each]));
	const selected = new Set(document.selection.edges);
	return shownEdges(document.definition).map((edge) => {
		const mark = document.marks?.edges[edge.id];
		const isSelected = selected.has(edge.id);
		const made = flowEdge(edge, document, mark, isSelected);
		const before = known.get(edge.id);
		return before && isSameEdge(before, made) ? before : made;
	});
}

/** The edges that are drawn: each between nodes that are there, and each way once. */
export function shownEdges(definition: Definition): EdgeJson[] {
	const ids = new Set(definition.nodes.map((node) => node.id));
	const edges = edgesOf(definition).filter((edge) => ids.has(edge.source) && ids.has(edge.target));
	const pair = (edge: EdgeJson) => `${edge.source}→${edge.target}`;
	const pairs = new Set(edges.filter((edge) => edge.kind !== 'dependency').map(pair));
	return edges.filter((edge) => edge.kind !== 'dependency' || !pairs.has(pair(edge)));
}

export function noteNodeId(note: string): string {
	return `${NOTE_PREFIX}${note}`;
}

/** The comment that a node of the flow shows; undefined where it shows a step. */
export function noteIdOf(flowNodeId: string): string | undefined {
	// ids of steps hold no colon
	return flowNodeId.startsWith(NOTE_PREFIX) ? flowNodeId.slice(NOTE_PREFIX.length) : undefined;
}

function flowEdge(
	edge: EdgeJson,
	document: DesignerDocument,
	mark: EdgeMark | undefined,
	selected: boolean
): FlowEdge {
	const source = document.nodes.get(edge.source);
	const target = document.nodes.get(edge.target);
	const tone: Tone =
		mark?.tone ?? (edge.kind === 'error' ? 'bad' : edge.kind === 'timeout' ? 'warn' : 'neutral');
	const colour = selected ? 'var(--accent)' : COLOURS[tone];
	const isListed = source !== undefined && sidePorts(source).length > 1 && edge.kind !== 'dependency';
	const label =
		mark?.label ??
		(isListed && sidePorts(source).some((port) => port.id === edge.port) ? undefined : edgeLabel(edge));
	return {
		id: edge.id,
		type: 'link',
		source: edge.source,
		target: edge.target,
		sourceHandle: edge.port,
		targetHandle: 'in',
		data: {
			link: linkOf(edge),
			tone: selected ? 'accent' : tone,
			isDashed: edge.kind === 'dependency' || edge.kind === 'error' || edge.kind === 'timeout',
			width: mark?.width ?? (selected ? 2.5 : 1.5)
		},
		animated: mark?.animated ?? false,
		...(label !== undefined && { label }),
		markerEnd: {
			type: MarkerType.ArrowClosed,
			color: colour,
			width: 22,
			height: 22,
			markerUnits: 'userSpaceOnUse'
		},
		selected,
		focusable: false,
		ariaLabel: m.designer_canvas_edge({
			from: source ? nameOf(source) : edge.source,
			to: target ? nameOf(target) : edge.target
		})
	};
}

/** Spelled as Svelte Flow spells its own attribute, which it takes the place of; two spellings would undo each other. */
function attributesOf(tabIndex: number): NonNullable<StepNode['domAttributes']> {
	const attributes: object = { tabIndex, 'aria-roledescription': m.designer_canvas_node() };
	return attributes as NonNullable<StepNode['domAttributes']>;
}

function labelOf(node: NodeDefinition, problems: number): string {
	const what = `${nameOf(node)}, ${lookOf(node.type).label()}`;
	return problems > 0 ? `${what}, ${m.designer_canvas_problem_count({ count: problems })}` : what;
}

/** Handles are told and not measured: edges to nodes that are out of sight are drawn, too. */
function handlesOf(node: NodeDefinition): NonNullable<StepNode['handles']> {
	return [
		{ id: 'in', type: 'target', position: Side.Left, x: 0, y: 26, width: HANDLE, height: HANDLE },
		...sidePorts(node).map((port, index) => ({
			id: port.id,
			type: 'source' as const,
			position: Side.Right,
			x: NODE_WIDTH - HANDLE,
			y: portOffset(node, index),
			width: HANDLE,
			height: HANDLE
		})),
		...lowerPorts(node).map(({ id, x }) => ({
			id,
			type: 'source' as const,
			position: Side.Bottom,
			x,
			y: nodeHeight(node) - HANDLE,
			width: HANDLE,
			height: HANDLE
		}))
	];
}

function isSame(before: FlowNode, position: Position, isSelected: boolean): boolean {
	return (
		before.position.x === position.x &&
		before.position.y === position.y &&
		(before.selected ?? false) === isSelected
	);
}

function isSameEdge(one: FlowEdge, other: FlowEdge): boolean {
	return (
		one.label === other.label &&
		one.selected === other.selected &&
		one.animated === other.animated &&
		one.ariaLabel === other.ariaLabel &&
		one.data?.tone === other.data?.tone &&
		one.data?.width === other.data?.width &&
		one.data?.link.port === other.data?.link.port
	);
}
