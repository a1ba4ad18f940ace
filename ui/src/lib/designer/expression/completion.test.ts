import { describe, expect, it } from 'vitest';
import { isInside, offers, resolve, type Scope, type ScopeName } from './completion';

function name(label: string, type: string, rest: Partial<ScopeName> = {}): ScopeName {
	return {
		name: label,
		type,
		description: '',
		isCertain: true,
		isSecret: false,
		members: [],
		items: null,
		...rest
	};
}

const SCOPE: Scope = {
	syntax: 'expression',
	names: [
		name('order', 'map', {
			members: [
				name('total', 'double'),
				name('lines', 'list', { items: name('', 'map', { members: [name('sku', 'string')] }) })
			]
		}),
		name('steps', 'map', {
			members: [name('create-customer', 'map', { members: [name('output', 'map')] })]
		}),
		name('fee', 'int')
	],
	functions: [
		{ name: 'has', kind: 'macro', signature: 'has(value.field) -> bool', description: '', example: '' },
		{
			name: 'trim',
			kind: 'method',
			signature: 'string.trim() -> string',
			description: '',
			example: ''
		},
		{ name: 'size', kind: 'method', signature: 'list.size() -> int', description: '', example: '' }
	]
};

function labels(text: string, syntax: 'expression' | 'template' = 'expression'): string[] | undefined {
	return offers(SCOPE, text, text.length, syntax)?.offers.map((each) => each.label);
}

describe('what is offered', () => {
	it('at the beginning are names and functions, no methods', () => {
		expect(labels('')).toEqual(['order', 'steps', 'fee', 'has']);
	});

	it('after a dot are the members, and the methods of the type', () => {
		expect(labels('order.')).toEqual(['total', 'lines']);
		expect(labels('order.lines.')).toEqual(['size']);
		expect(labels('order.lines[0].')).toEqual(['sku']);
		expect(labels('order.lines[0].sku.')).toEqual(['trim']);
	});

	it('knows steps whose ids have hyphens, and a minus', () => {
		expect(labels('steps.create-customer.')).toEqual(['output']);
		expect(resolve(SCOPE, 'order-fee')?.name).toBe('fee');
	});

	it('replaces what was begun', () => {
		expect(offers(SCOPE, 'order.to', 8, 'expression')?.from).toBe(6);
	});

	it('is nothing within strings, nor outside of ${ … }', () => {
		expect(labels('"order.')).toBeUndefined();
		expect(labels('Dear order.', 'template')).toBeUndefined();
		expect(labels('Dear ${order.', 'template')).toEqual(['total', 'lines']);
	});
});

describe('the inside of ${ … }', () => {
	it('ends with its own brace, not with one of a map or a text', () => {
		expect(isInside('${ {"a": 1')).toBe(true);
		expect(isInside('${ {"a": 1} ')).toBe(true);
		expect(isInside('${ "}" ')).toBe(true);
		expect(isInside('${ a } b')).toBe(false);
		expect(isInside('$${ a')).toBe(false);
	});
});
