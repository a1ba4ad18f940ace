/** Where nodes stand on the canvas, as long as nobody has put them anywhere; and where there is room for more. */
import type { Definition, Position } from '../document/definition';
import { positionOf } from '../document/definition';
import { linksOf } from '../document/links';
import { NODE_WIDTH, nodeHeight } from '#lib/graph/size';

/** A node's upper left corner, and how far down it reaches. */
export interface Place extends Position {
	height?: number;
}

export type Places = ReadonlyMap<string, Place>;

export const GRID = 8;
/** From the left side of a node to that of the next. */
export const STEP_X = NODE_WIDTH + 72;
export const STEP_Y = 104;
/** Between nodes that nobody has placed, and how high most of them are. */
const GAP = 20;
const HEIGHT = 52;

/** Whether every node has been placed. */
export function isPlaced(definition: Definition): boolean {
	return definition.nodes.every((node) => positionOf(node) !== undefined);
}

/**
 * A place for every node: its own; else the one that was found for it before; else one beside what leads to it.
 *
 * @param found places that are not in the definition: of an automatic layout.
 */
export function placesOf(definition: Definition, found: Places): Map<string, Place> {
	const places = new Map<string, Place>();
	for (const node of definition.nodes) {
		const position = positionOf(node) ?? found.get(node.id);
		if (position) places.set(node.id, { ...position, height: nodeHeight(node) });
	}
	if (places.size === definition.nodes.length) return places;
	const links = linksOf(definition);
	for (const node of definition.nodes) {
		if (places.has(node.id)) continue;
		const before = links.find((link) => link.target === node.id && places.has(link.source));
		const beside = before && places.get(before.source);
		const place = freePlace(places, beside ? { x: beside.x + STEP_X, y: beside.y } : below(places));
		places.set(node.id, { ...place, height: nodeHeight(node) });
	}
	return places;
}

/** The place nearest to the wanted one, downwards, where no node stands in the way. */
export function freePlace(places: Places, wanted: Position): Position {
	const place = { x: snapped(wanted.x), y: snapped(wanted.y) };
	const isTaken = () =>
		[...places.values()].some(
			(each) =>
				Math.abs(each.x - place.x) < NODE_WIDTH + GAP &&
				each.y < place.y + HEIGHT + GAP &&
				place.y < each.y + (each.height ?? HEIGHT) + GAP
		);
	while (isTaken()) place.y += GRID * 2;
	return place;
}

/**
 * Makes room for a node in the middle of a link.
 *
 * @returns where it goes, and where the nodes go that have to move away for it.
 */
export function roomBetween(
	definition: Definition,
	places: Places,
	source: string,
	target: string
): { place: Position; moved: Record<string, Place> } {
	const from = places.get(source) ?? { x: 0, y: 0 };
	const to = places.get(target) ?? { x: from.x + STEP_X, y: from.y };
	if (to.x <= from.x) return { place: freePlace(places, { x: from.x, y: from.y + STEP_Y }), moved: {} };
	const gap = to.x - from.x;
	if (gap >= STEP_X * 2 - 48) {
		return { place: freePlace(places, { x: from.x + gap / 2, y: (from.y + to.y) / 2 }), moved: {} };
	}
	const moved: Record<string, Place> = {};
	const shift = STEP_X * 2 - gap;
	for (const id of reachedFrom(definition, target)) {
		const place = places.get(id);
		if (place && place.x >= to.x && id !== source) moved[id] = { ...place, x: place.x + shift };
	}
	const left = new Map([...places].map(([id, place]) => [id, moved[id] ?? place]));
	return { place: freePlace(left, { x: from.x + STEP_X, y: to.y }), moved };
}

/** Every node that can be come to from one, itself included. */
function reachedFrom(definition: Definition, id: string): Set<string> {
	const targets = Map.groupBy(linksOf(definition), (link) => link.source);
	const reached = new Set([id]);
	for (const each of reached) for (const link of targets.get(each) ?? []) reached.add(link.target);
	return reached;
}

function below(places: Places): Position {
	if (places.size === 0) return { x: 0, y: 0 };
	const all = [...places.values()];
	return { x: Math.min(...all.map((each) => each.x)), y: Math.max(...all.map((each) => each.y)) + STEP_Y };
}

function snapped(value: number): number {
	return Math.round(value / GRID) * GRID;
}
