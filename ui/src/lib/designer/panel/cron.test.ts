import { expect, it } from 'vitest';
import { nextTimes } from './cron';

const FROM = new Date('2026-03-27T12:00:00Z');

it('weekdays at eight in Berlin follow the clock there, over the change to summer time', () => {
	const { times } = nextTimes('0 8 * * MON-FRI', 'Europe/Berlin', 2, FROM);
	expect(times.map((each) => each.toISOString())).toEqual([
		'2026-03-30T06:00:00.000Z',
		'2026-03-31T06:00:00.000Z'
	]);
});

it('six fields have seconds in front, and names work', () => {
	expect(nextTimes('30 0 0 * * *', undefined, 1, FROM).times[0]?.toISOString()).toBe(
		'2026-03-28T00:00:30.000Z'
	);
	expect(nextTimes('@hourly', undefined, 1, FROM).times[0]?.toISOString()).toBe('2026-03-27T13:00:00.000Z');
});

it('what is no expression says why', () => {
	expect(nextTimes('every day', undefined, 1, FROM).problem).not.toBeNull();
});
