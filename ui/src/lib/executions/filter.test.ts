import { describe, expect, it } from 'vitest';
import { boundsOf, EMPTY_FILTER, isNarrowed, mayBelong, toBulkFilter, tooNarrow, toQuery } from './filter';

const NOW = Date.parse('2026-03-02T12:00:00Z');

describe('a filter of executions', () => {
	it('asks for nothing where it is empty', () => {
		expect(toQuery(EMPTY_FILTER, NOW)).toEqual({});
		expect(isNarrowed({ ...EMPTY_FILTER, sort: '-createdAt' })).toBe(false);
	});

	it('passes over statuses that there are not', () => {
		expect(toQuery({ ...EMPTY_FILTER, status: 'failed, bogus,waiting' }, NOW)).toEqual({
			status: ['failed', 'waiting']
		});
	});

	it('counts a period back from now', () => {
		expect(boundsOf('24h', NOW)).toEqual({ after: '2026-03-01T12:00:00.000Z' });
		expect(boundsOf('/2026-03-01T00:00:00Z', NOW)).toEqual({ before: '2026-03-01T00:00:00Z' });
	});

	it('narrows down by the time that it is sorted by', () => {
		expect(toQuery({ ...EMPTY_FILTER, period: '1h', sort: '-completedAt' }, NOW)).toEqual({
			completedAfter: '2026-03-02T11:00:00.000Z',
			sort: '-completedAt'
		});
	});

	it('gives operations on many the same executions, or none', () => {
		const filter = {
			...EMPTY_FILTER,
			status: 'failed',
			workflow: 'order',
			attribute: 'region:emea',
			period: '1h'
		};
		expect(toBulkFilter(filter, NOW)).toEqual({
			status: ['failed'],
			workflowId: 'order',
			attribute: ['region:emea'],
			createdAfter: '2026-03-02T11:00:00.000Z'
		});
		expect(tooNarrow(filter)).toBe(false);
		expect(tooNarrow({ ...filter, version: '3' })).toBe(true);
	});

	it('knows what a new execution may belong to', () => {
		expect(mayBelong(EMPTY_FILTER, 'order', 'running')).toBe(true);
		expect(mayBelong({ ...EMPTY_FILTER, workflow: 'order' }, 'travel', 'running')).toBe(false);
		expect(mayBelong({ ...EMPTY_FILTER, status: 'failed' }, 'order', 'running')).toBe(false);
		expect(mayBelong({ ...EMPTY_FILTER, status: 'failed' }, 'order', 'failed')).toBe(true);
		expect(mayBelong({ ...EMPTY_FILTER, tag: 'demo' }, 'order', 'running')).toBe(false);
	});
});
