import { expect, test } from 'vitest';
import { effectOf, EXAMPLES } from './examples';

test('what a policy does is its first word, after comments and annotations', () => {
	expect(effectOf('// forbid nothing\n  permit(principal, action, resource);')).toBe('permit');
	expect(effectOf('@id("permit") forbid(principal, action, resource);')).toBe('forbid');
	expect(effectOf('permitted(…)')).toBeUndefined();
	expect(effectOf('')).toBeUndefined();
});

test('every example says what it does', () => {
	for (const each of EXAMPLES) expect(effectOf(each.source)).toBeDefined();
});
