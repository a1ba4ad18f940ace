import { describe, expect, it } from 'vitest';
import { middleOf, pathOf } from './route';

const ROUTE = [
	{ x: 0, y: 0 },
	{ x: 20, y: 0 },
	{ x: 20, y: 8 },
	{ x: 100, y: 8 }
];

describe('a route', () => {
	it('is drawn with round corners, which are smaller where pieces are short', () => {
		expect(pathOf(ROUTE)).toBe('M 0 0 L 14 0 Q 20 0 20 4 L 20 4 Q 20 8 26 8 L 100 8');
	});

	it('is drawn straight, or not at all, where it has no corners', () => {
		expect(pathOf(ROUTE.slice(0, 2))).toBe('M 0 0 L 20 0');
		expect(pathOf([])).toBe('');
	});

	it('is labelled where it runs along the page for longest', () => {
		expect(middleOf(ROUTE)).toEqual({ x: 60, y: 8 });
		expect(middleOf([])).toEqual({ x: 0, y: 0 });
		expect(
			middleOf([
				{ x: 0, y: 0 },
				{ x: 10, y: 20 }
			])
		).toEqual({ x: 5, y: 10 });
	});
});
