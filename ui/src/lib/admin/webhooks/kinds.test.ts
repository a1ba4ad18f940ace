import { expect, test } from 'vitest';
import { areaToggled, extent, isChosen, KINDS, toggled } from './kinds';

test('a pattern chooses all of its area and nothing else', () => {
	expect(isChosen(['task.*'], 'task.created')).toBe(true);
	expect(isChosen(['task.*'], 'step.failed')).toBe(false);
	expect(isChosen(['*'], 'step.failed')).toBe(true);
	expect(extent(['task.*'], 'task')).toBe('all');
	expect(extent(['task.created'], 'task')).toBe('some');
	expect(extent(['task.created'], 'workflow')).toBe('none');
});

test('unticking one of an area that was chosen whole leaves the others', () => {
	const left = toggled(['task.*', 'step.failed'], 'task.claimed', false);
	expect(left).not.toContain('task.*');
	expect(left).toEqual(['step.failed', ...KINDS.task.filter((kind) => kind !== 'task.claimed')]);
});

test('ticking what is chosen already changes nothing', () => {
	expect(toggled(['task.*'], 'task.created', true)).toEqual(['task.*']);
});

test('an area chosen whole is one pattern in place of its kinds, so that kinds to come are told, too', () => {
	expect(areaToggled(['task.created', 'step.failed'], 'task', true)).toEqual(['step.failed', 'task.*']);
	expect(areaToggled(['task.*', 'step.failed'], 'task', false)).toEqual(['step.failed']);
});

test('kinds that have nothing in common are chosen one by one', () => {
	expect(areaToggled([], 'other', true)).toEqual(KINDS.other);
	expect(areaToggled([...KINDS.other], 'other', false)).toEqual([]);
});
