import { describe, expect, test } from 'vitest';
import { resolved, rowsOf, typeOf } from './schema-rows';

const PET = {
	type: 'object',
	required: ['name'],
	properties: {
		name: { type: 'string', description: 'What it is called.' },
		status: { enum: ['sold', 'free'], default: 'free' },
		tags: { type: 'array', items: { $ref: '#/$defs/Tag' } },
		parent: { $ref: '#' },
		weight: { type: ['number', 'null'] },
		either: { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }] }
	},
	$defs: { Tag: { type: 'object', properties: { label: { type: 'string', title: 'Label' } } } }
};

describe('a schema to read', () => {
	const rows = rowsOf(PET);
	const row = (name: string) => rows.find((each) => each.name === name);

	test('tells each field with its type, and whether it is needed', () => {
		expect(rows.map((each) => each.name)).toEqual(Object.keys(PET.properties));
		expect(row('name')).toMatchObject({ type: 'text', isRequired: true, description: 'What it is called.' });
		expect(row('status')).toMatchObject({ options: ['sold', 'free'], otherwise: 'free', isRequired: false });
		expect(row('weight')?.type).toBe('number');
		expect(row('either')?.type).toBe('text / whole number');
	});

	test('shows the fields of what is in a list', () => {
		expect(row('tags')?.type).toBe('list (fields)');
		expect(row('tags')?.rows).toMatchObject([{ name: 'label', description: '' }]);
	});

	test('ends where it contains itself', () => {
		let depth = 0;
		for (let at = row('parent'); at !== undefined; at = at.rows.find((each) => each.name === 'parent'))
			depth += 1;
		expect(depth).toBeLessThan(10);
	});
});

test('references that lead nowhere, elsewhere or round in circles are nothing', () => {
	expect(resolved({ $ref: '#/$defs/No' }, PET)).toBeUndefined();
	expect(resolved({ $ref: 'https://example.com/pet.json' }, PET)).toBeUndefined();
	expect(resolved({ $ref: '#/$defs/A' }, { $defs: { A: { $ref: '#/$defs/A' } } })).toBeUndefined();
	expect(typeOf(true)).toBe('anything');
});
