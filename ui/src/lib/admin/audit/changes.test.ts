import { expect, test } from 'vitest';
import { changes, shown } from './changes';

test('only what differs is told, wherever it stands', () => {
	expect(
		changes(
			{ name: 'a', roles: ['x'], deep: { one: 1, two: 2 } },
			{ name: 'a', roles: ['y'], deep: { one: 1, two: 3 } }
		)
	).toEqual([
		{ path: 'deep.two', kind: 'changed', before: 2, after: 3 },
		{ path: 'roles', kind: 'changed', before: ['x'], after: ['y'] }
	]);
});

test('what was made and what was removed is told field by field', () => {
	expect(changes(null, { name: 'a' })).toEqual([{ path: 'name', kind: 'added', after: 'a' }]);
	expect(changes({ name: 'a' }, null)).toEqual([{ path: 'name', kind: 'removed', before: 'a' }]);
	expect(changes({ a: null }, { a: false })).toEqual([{ path: 'a', kind: 'added', after: false }]);
});

test('nothing differs where both are the same, or nothing', () => {
	expect(changes({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual([]);
	expect(changes(null, undefined)).toEqual([]);
});

test('values are shown in one line', () => {
	expect(shown('text')).toBe('text');
	expect(shown(['a', 1])).toBe('["a",1]');
});
