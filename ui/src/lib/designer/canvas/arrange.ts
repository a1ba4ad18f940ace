/** Nodes in rows and columns, and which is next to which: for aligning, and for walking with the arrow keys. */
import type { Position } from '../document/definition';

export interface Box extends Position {
	id: string;
	width: number;
	height: number;
}

export type Alignment = 'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom' | 'across' | 'down';
export type Direction = 'left' | 'right' | 'up' | 'down';

/** Where boxes go so that their sides or middles are in line, or the gaps between them are the same. */
export function aligned(boxes: readonly Box[], alignment: Alignment): Record<string, Position> {
	const left = Math.min(...boxes.map((box) => box.x));
	const top = Math.min(...boxes.map((box) => box.y));
	const right = Math.max(...boxes.map((box) => box.x + box.width));
	const bottom = Math.max(...boxes.map((box) => box.y + box.height));
	switch (alignment) {
		case 'left':
			return moved(boxes, ({ y }) => ({ x: left, y }));
		case 'right':
			return moved(boxes, ({ y, width }) => ({ x: right - width, y }));
		case 'center':
			return moved(boxes, ({ y, width }) => ({ x: (left + right - width) / 2, y }));
		case 'top':
			return moved(boxes, ({ x }) => ({ x, y: top }));
		case 'bottom':
			return moved(boxes, ({ x, height }) => ({ x, y: bottom - height }));
		case 'middle':
			return moved(boxes, ({ x, height }) => ({ x, y: (top + bottom - height) / 2 }));
		case 'across': {
			const ordered = [...boxes].sort((one, other) => one.x - other.x);
			const free = right - left - sum(ordered.map((box) => box.width));
			const gap = free / Math.max(1, ordered.length - 1);
			let x = left;
			return moved(ordered, (box) => {
				const place = { x, y: box.y };
				x += box.width + gap;
				return place;
			});
		}
		case 'down': {
			const ordered = [...boxes].sort((one, other) => one.y - other.y);
			const free = bottom - top - sum(ordered.map((box) => box.height));
			const gap = free / Math.max(1, ordered.length - 1);
			let y = top;
			return moved(ordered, (box) => {
				const place = { x: box.x, y };
				y += box.height + gap;
				return place;
			});
		}
	}
}

/** The box that one comes to from another by an arrow key: the nearest in that direction. */
export function neighbour(boxes: readonly Box[], from: Box, direction: Direction): Box | undefined {
	const isAcross = direction === 'left' || direction === 'right';
	const sign = direction === 'right' || direction === 'down' ? 1 : -1;
	let best: Box | undefined;
	let least = Infinity;
	for (const box of boxes) {
		if (box.id === from.id) continue;
		const x = middle(box).x - middle(from).x;
		const y = middle(box).y - middle(from).y;
		const along = sign * (isAcross ? x : y);
		if (along <= 4) continue;
		// what is off to the side counts as further away
		const distance = along + 2.5 * Math.abs(isAcross ? y : x);
		if (distance < least) {
			least = distance;
			best = box;
		}
	}
	return best;
}

function middle(box: Box): Position {
	return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

function moved(boxes: readonly Box[], place: (box: Box) => Position): Record<string, Position> {
	return Object.fromEntries(boxes.map((box) => [box.id, place(box)]));
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}
