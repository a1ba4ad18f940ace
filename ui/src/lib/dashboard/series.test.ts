import { describe, expect, it } from 'vitest';
import { before, changeOf, pointsOf, spanOf, ticksUpTo } from './series';

const NOW = Date.parse('2026-03-02T12:34:56Z');

describe('figures over time', () => {
	it('cover whole hours, the running one included', () => {
		const span = spanOf('24h', NOW);
		expect(span.to.toISOString()).toBe('2026-03-02T13:00:00.000Z');
		expect(span.from.toISOString()).toBe('2026-03-01T13:00:00.000Z');
		expect(before(span).from.toISOString()).toBe('2026-02-28T13:00:00.000Z');
	});

	it('have a point for every hour, also where nothing happened', () => {
		const group = { periodStart: '2026-03-02T10:00:00Z', started: 4 };
		const points = pointsOf([group] as never, spanOf('24h', NOW));
		expect(points).toHaveLength(24);
		expect(points.filter((point) => point.figures !== undefined)).toHaveLength(1);
		expect(points[21]?.figures?.started).toBe(4);
	});

	it('have a point for every day', () => {
		expect(pointsOf([], spanOf('7d', NOW)).length).toBeGreaterThanOrEqual(7);
	});

	it('stand beside round numbers', () => {
		expect(ticksUpTo(0)).toEqual([0, 1]);
		expect(ticksUpTo(7)).toEqual([0, 5, 10]);
		expect(ticksUpTo(250)).toEqual([0, 100, 200, 300]);
		expect(ticksUpTo(2)).toEqual([0, 1, 2]);
	});

	it('are compared with those before, where there were any', () => {
		expect(changeOf(15, 10)).toBeCloseTo(0.5);
		expect(changeOf(15, 0)).toBeUndefined();
		expect(changeOf(null, 3)).toBeUndefined();
	});
});
