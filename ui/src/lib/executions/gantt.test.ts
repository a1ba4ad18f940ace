import { describe, expect, it } from 'vitest';
import { gantt } from './gantt';
import type { LogEvent } from './log';
import { beginning, fold } from './replay';

const START = Date.parse('2026-03-02T09:00:00Z');

function event(seq: number, seconds: number, type: string, more: Partial<LogEvent> = {}): LogEvent {
	return {
		seq,
		type: type as LogEvent['type'],
		stepId: null,
		occurredAt: new Date(START + seconds * 1000).toISOString(),
		data: null,
		...more
	};
}

describe('the timeline', () => {
	const events = [
		event(1, 0, 'WORKFLOW_STARTED'),
		event(2, 0, 'STEP_STARTED', { stepId: 'pay' }),
		event(3, 2, 'STEP_RETRY_SCHEDULED', {
			stepId: 'pay',
			data: { attempt: 1, error: { code: 'away' }, dueAt: START / 1000 + 5 }
		}),
		event(4, 5, 'STEP_STARTED', { stepId: 'pay', data: { attempt: 2 } }),
		event(5, 10, 'STEP_COMPLETED', { stepId: 'pay' }),
		event(6, 10, 'STEP_COMPLETED', { stepId: 'choose' }),
		event(7, 10, 'WORKFLOW_COMPLETED', { data: { output: null } })
	];

	it('has a bar for each attempt, and one for the pause between them', () => {
		const found = gantt(fold(beginning({}), events), START + 99_000);
		expect(found?.to).toBe(START + 10_000);
		expect(found?.lines[0]?.bars.map(({ left, width, kind, status }) => [left, width, kind, status])).toEqual(
			[
				[0, 0.2, 'work', 'failed'],
				[0.2, 0.3, 'pause', 'retrying'],
				[0.5, 0.5, 'work', 'completed']
			]
		);
	});

	it('marks the moment of what takes no time', () => {
		const found = gantt(fold(beginning({}), events), START);
		expect(found?.lines[1]?.bars).toMatchObject([{ left: 1, width: 0, length: 0 }]);
	});

	it('ends now while anything is going on', () => {
		const found = gantt(fold(beginning({}), events.slice(0, 4)), START + 8000);
		expect(found?.to).toBe(START + 8000);
		expect(found?.lines[0]?.bars.at(-1)).toMatchObject({ length: 3000, status: 'running' });
	});

	it('is not there before the first step', () => {
		expect(gantt(fold(beginning({}), events.slice(0, 1)), START)).toBeUndefined();
	});
});
