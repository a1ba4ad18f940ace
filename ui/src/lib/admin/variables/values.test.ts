import { expect, test } from 'vitest';
import { parse, written } from './values';

test('a typed text becomes a value of its type', () => {
	expect(parse('STRING', ' 1 ')).toEqual({ value: ' 1 ' });
	expect(parse('NUMBER', ' 1.5 ')).toEqual({ value: 1.5 });
	expect(parse('BOOLEAN', 'false')).toEqual({ value: false });
	expect(parse('JSON', '{"a": [1]}')).toEqual({ value: { a: [1] } });
});

test('what fits no value of the type is refused before it is sent', () => {
	expect(parse('NUMBER', '')).toHaveProperty('problem');
	expect(parse('NUMBER', '1,5')).toHaveProperty('problem');
	expect(parse('JSON', '{a: 1}')).toHaveProperty('problem');
});

test('what is shown for editing says the same when it is read again', () => {
	for (const value of [{ a: [1, null] }, null, [], 'text', 0]) {
		expect(parse('JSON', written('JSON', value))).toEqual({ value });
	}
	expect(parse('BOOLEAN', written('BOOLEAN', true))).toEqual({ value: true });
	expect(parse('NUMBER', written('NUMBER', 0))).toEqual({ value: 0 });
});
