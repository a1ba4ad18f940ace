import { describe, expect, it } from 'vitest';
import { openingViewport } from './opening';

const NODE = { width: 200, height: 50 };
const PANE = { width: 1000, height: 600 };

describe('the opening view', () => {
	it('shows all of a small graph, in the middle and no larger than it is', () => {
		const { x, y, zoom } = openingViewport([{ x: 100, y: 100, ...NODE }], 0, PANE);
		expect(zoom).toBe(1);
		expect(x + 100).toBe(400);
		expect(y + 100).toBe(40 + (600 - 112 - 50) / 2);
	});

	it('shows the beginning of a long graph at a scale that can be read', () => {
		const boxes = Array.from({ length: 50 }, (_, index) => ({ x: index * 300, y: 0, ...NODE }));
		const { x, zoom } = openingViewport(boxes, 0, PANE);
		expect(zoom).toBe(0.7);
		expect(x).toBeCloseTo(40);
	});

	it('brings a beginning that stands in the middle of a high graph into sight', () => {
		const boxes = Array.from({ length: 50 }, (_, index) => ({ x: 0, y: index * 100, ...NODE }));
		const { y, zoom } = openingViewport(boxes, 25, PANE);
		expect(2500 * zoom + y).toBeGreaterThan(0);
		expect(2500 * zoom + y).toBeLessThan(PANE.height);
	});

	it('leaves no empty room before a high graph', () => {
		const boxes = Array.from({ length: 50 }, (_, index) => ({ x: 0, y: index * 100, ...NODE }));
		expect(openingViewport(boxes, 0, PANE).y).toBeCloseTo(40);
	});

	it('is that of an empty canvas where there is nothing', () => {
		expect(openingViewport([], -1, PANE)).toEqual({ x: 0, y: 0, zoom: 1 });
	});
});
