import { expect, test } from 'vitest';
import { preview } from './preview';

const sample = { data: { name: 'Ada', lines: [{ id: 7 }], note: null, 'a-b': 1 } };
const read = (text: string) =>
	preview(text, sample)
		.map((part) => (part.kind === 'expression' ? `<${part.expression}>` : part.text))
		.join('');

test('paths are filled in from the sample', () => {
	expect(read('Dear ${data.name}, line ${data.lines[0].id}.')).toBe('Dear Ada, line 7.');
	expect(read("${data['a-b']} and ${ data.note }")).toBe('1 and null');
});

test('what is no path, or not in the sample, stands as an expression', () => {
	expect(read('${data.missing} ${size(data.lines)}')).toBe('<data.missing> <size(data.lines)>');
});

test('what an object inherits is none of its data', () => {
	expect(read('${data.constructor}')).toBe('<data.constructor>');
});

test('braces in strings and maps do not end an expression', () => {
	expect(read(`\${ {'a': '}'}['a'] } end`)).toBe("<{'a': '}'}['a']> end");
});

test('an expression that does not end is told as such, and nothing after it is lost', () => {
	expect(preview('Dear ${data.name', sample)).toEqual([
		{ kind: 'text', text: 'Dear ' },
		{ kind: 'unfinished', text: '${data.name' }
	]);
});

test('text without expressions stays as it is', () => {
	expect(read('costs 5 $ {net}')).toBe('costs 5 $ {net}');
	expect(preview('', sample)).toEqual([]);
});
