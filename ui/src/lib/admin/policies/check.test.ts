import { expect, test } from 'vitest';
import { place } from './check';

const TEXT = 'forbid(principal,\n  actin == Action::"x", resource);';

test('a problem is marked from its place to the end of the word', () => {
	const [from, to] = place(TEXT, { line: 2, column: 3 });
	expect(TEXT.slice(from, to)).toBe('actin');
});

test('a problem without a place is about the whole', () => {
	expect(place(TEXT, { line: null, column: null })).toEqual([0, TEXT.length]);
});

test('a place beyond the end is at the end', () => {
	const [from, to] = place('ab', { line: 9, column: 40 });
	expect([from, to]).toEqual([2, 2]);
});
