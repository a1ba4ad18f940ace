import { describe, expect, it } from 'vitest';
import { edgeMarks, nodeMarks, type ProcessMap } from './process-map';

const definition = {
	id: 'order',
	nodes: [
		{ id: 'check', type: 'decision', condition: 'true', true: 'pay', false: 'stop' },
		{ id: 'pay', type: 'action' },
		{ id: 'stop', type: 'end' }
	]
};
const node = {
	failures: 0,
	timeouts: 0,
	retries: 0,
	skips: 0,
	durationP95Ms: null,
	waitingMedianMs: null,
	waitingP95Ms: null
};
const map: ProcessMap = {
	versionNumber: 1,
	from: null,
	to: '2026-03-02T00:00:00Z',
	executions: 100,
	isPartial: false,
	nodes: [
		{ ...node, nodeId: 'check', visits: 100, durationMedianMs: 0 },
		{ ...node, nodeId: 'pay', visits: 100, failures: 25, durationMedianMs: 900 },
		{ ...node, nodeId: 'stop', visits: 0, durationMedianMs: null }
	],
	edges: [
		{ from: 'check', to: 'pay', kind: 'next', label: 'true', count: 100, medianMs: 5 },
		{ from: 'check', to: 'stop', kind: 'next', label: 'false', count: 0, medianMs: null }
	]
};
const formats = {
	count: (value: number) => `${value}×`,
	duration: (value: number) => `${value} ms`,
	share: (value: number) => `${value * 100} %`
};

describe('a process map', () => {
	it('draws what was never reached faintly', () => {
		expect(nodeMarks(map, 'count', formats)['stop']).toEqual({ faint: true });
		expect(edgeMarks(map, definition, 'count', formats)['check/false>stop']?.faint).toBe(true);
	});

	it('draws ways the thicker the more often they were taken', () => {
		const marks = edgeMarks(map, definition, 'count', formats);
		expect(marks['check/true>pay']).toMatchObject({ width: 6, label: 'true · 100×' });
	});

	it('marks where failures and time are', () => {
		expect(nodeMarks(map, 'failures', formats)['pay']).toMatchObject({ badge: '25 %', badgeTone: 'bad' });
		expect(nodeMarks(map, 'duration', formats)['pay']).toMatchObject({ badge: '900 ms', badgeTone: 'warn' });
		expect(nodeMarks(map, 'duration', formats)['check']?.badgeTone).toBe('neutral');
	});
});
