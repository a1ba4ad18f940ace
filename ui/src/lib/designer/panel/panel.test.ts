import { describe, expect, it } from 'vitest';
import { grouped, unknownFields } from './groups';
import { begin, fieldsOf, shapeOf, which, withField, withKey, type Shape } from './shape';

const RETRY = {
	title: 'Retry',
	type: 'object',
	properties: { maxAttempts: { type: 'integer', minimum: 1, default: 3 } }
};
const ROUTE = {
	title: 'TimeoutRoute',
	type: 'object',
	required: ['duration'],
	properties: {
		duration: { format: 'weftline-duration', type: ['string', 'number'] },
		next: { format: 'node-id' }
	}
};
const NODE = {
	type: 'object',
	required: ['id', 'action'],
	properties: {
		id: { type: 'string' },
		action: { type: 'string' },
		input: {},
		retry: { anyOf: [{ $ref: '#/$defs/Retry' }, { type: 'integer' }, { type: 'null' }] },
		timeout: {
			anyOf: [
				{ format: 'weftline-duration', type: ['string', 'number'] },
				{ $ref: '#/$defs/TimeoutRoute' },
				{ type: 'null' }
			]
		},
		output: { anyOf: [{ type: 'object', additionalProperties: true }, { type: 'null' }] },
		when: { anyOf: [{ format: 'cel', type: ['string', 'boolean'] }, { type: 'null' }] }
	},
	$defs: { Retry: RETRY, TimeoutRoute: ROUTE }
};

describe('the shape of a field', () => {
	it('is read from the schema, through references and without null', () => {
		const shapes = Object.fromEntries(fieldsOf(NODE).map((each) => [each.name, each.shape]));
		expect(shapes['when']).toEqual({ kind: 'cel' });
		expect(shapes['input']).toEqual({ kind: 'any' });
		expect(shapes['output']).toEqual({ kind: 'map', item: { kind: 'any' } });
		expect(shapes['retry']).toMatchObject({
			kind: 'either',
			shapes: [
				{ kind: 'object', name: 'Retry' },
				{ kind: 'number', isWhole: true }
			]
		});
	});

	it('is the one of several that the value has', () => {
		const { shapes } = shapeOf(NODE.properties.timeout, NODE) as Extract<Shape, { kind: 'either' }>;
		expect(which(shapes, '24h')).toBe(0);
		expect(which(shapes, { duration: '24h' })).toBe(1);
		expect(which(shapes, undefined)).toBe(0);
	});

	it('keeps what was entered when it becomes another', () => {
		const { shapes } = shapeOf(NODE.properties.timeout, NODE) as Extract<Shape, { kind: 'either' }>;
		expect(begin(shapes[1]!, '24h')).toEqual({ duration: '24h' });
		expect(begin(shapes[0]!, { duration: '24h', next: 'b' })).toBe('24h');
		expect(begin({ kind: 'list', item: { kind: 'text' } }, 'ada')).toEqual(['ada']);
	});
});

describe('the parts of the panel', () => {
	it('have every field of a node once, its result last', () => {
		const groups = grouped('action', fieldsOf(NODE));
		expect(groups.main.map((each) => each.name)).toEqual(['action', 'input', 'output']);
		expect(groups.failing.map((each) => each.name)).toEqual(['retry', 'timeout']);
		expect(groups.advanced.map((each) => each.name)).toEqual(['when']);
		expect(grouped('wait', fieldsOf(NODE)).main.map((each) => each.name)).toContain('timeout');
	});

	it('leave out nothing that they do not know', () => {
		expect(unknownFields({ id: 'a', type: 'action', action: 'x', colour: 'red' }, fieldsOf(NODE))).toEqual({
			colour: 'red'
		});
	});
});

describe('an object', () => {
	it('keeps the order of its keys when one is renamed or set', () => {
		expect(Object.keys(withKey({ a: 1, b: 2, c: 3 }, 'b', 'x'))).toEqual(['a', 'x', 'c']);
		expect(withField({ a: 1, b: 2 }, 'a', undefined)).toEqual({ b: 2 });
		expect(Object.keys(withField({ a: 1, b: 2 }, 'a', 3))).toEqual(['a', 'b']);
	});
});
