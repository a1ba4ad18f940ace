/** What of a graph is in sight when it opens. */
import type { Viewport } from '@xyflow/svelte';

interface Size {
	width: number;
	height: number;
}

interface Box extends Size {
	x: number;
	y: number;
}

/** The smallest scale at which the names of nodes can be read without effort; narrow screens show more than that. */
const READABLE = { wide: 0.7, narrow: 0.6 };
const NARROW = 640;
/** Pixels that stay free around the graph; below, also for the tools that lie over the canvas. */
const MARGIN = 40;
const FOOT = 72;

/** Of all of a graph in sight at once. */
export const FIT = { padding: 0.1, maxZoom: 1 };

/** Below this scale nodes are drawn with less: their small print cannot be read. */
export const FAR = 0.4;

/** The node that a graph begins with: of those that nothing leads to, the first. */
export function beginningOf(
	nodes: readonly { id: string; type?: string | undefined }[],
	edges: readonly { target: string }[]
): number {
	const start = nodes.findIndex((node) => node.type === 'start');
	if (start >= 0) return start;
	const reached = new Set(edges.map((edge) => edge.target));
	return Math.max(
		0,
		nodes.findIndex((node) => !reached.has(node.id))
	);
}

/**
 * Where to look at first: at all of it where it can be read that way, else at its beginning.
 *
 * @param boxes where the nodes are drawn.
 * @param first the index of the node that it begins with.
 * @param pane the size of what it is drawn on, in pixels.
 */
export function openingViewport(boxes: readonly Box[], first: number, pane: Size): Viewport {
	const begin = boxes[first] ?? boxes[0];
	if (!begin || pane.width === 0 || pane.height === 0) return { x: 0, y: 0, zoom: 1 };
	const left = Math.min(...boxes.map((box) => box.x));
	const top = Math.min(...boxes.map((box) => box.y));
	const width = Math.max(...boxes.map((box) => box.x + box.width)) - left;
	const height = Math.max(...boxes.map((box) => box.y + box.height)) - top;
	const room = { width: pane.width - 2 * MARGIN, height: pane.height - MARGIN - FOOT };
	const whole = Math.min(1, room.width / width, room.height / height);
	const zoom = Math.max(whole, pane.width < NARROW ? READABLE.narrow : READABLE.wide);
	return {
		x: MARGIN + along(left, width, begin.x, begin.width, room.width / zoom, 0) * zoom,
		y: MARGIN + along(top, height, begin.y, begin.height, room.height / zoom, 0.5) * zoom,
		zoom
	};
}

/** How far the graph is moved along one axis: into the middle where it fits, else so that `share` of the room precedes its beginning. */
function along(
	from: number,
	length: number,
	begin: number,
	size: number,
	room: number,
	share: number
): number {
	if (length <= room) return (room - length) / 2 - from;
	const wanted = (room - size) * share - begin;
	return Math.min(-from, Math.max(room - from - length, wanted));
}
