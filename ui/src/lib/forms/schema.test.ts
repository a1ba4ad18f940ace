import { describe, expect, it } from 'vitest';
import { example, forForm, isEmpty, leastExample, look, words } from './schema';

describe('a schema made ready for a form', () => {
	it('gives every field a title that people can read', () => {
		expect(words('customerName')).toBe('Customer name');
		expect(words('VAT_number')).toBe('VAT number');
		const made = forForm({ properties: { dueDate: { type: 'string' }, n: { title: 'Number' } } });
		expect(made.properties).toEqual({
			dueDate: { type: 'string', title: 'Due date' },
			n: { title: 'Number' }
		});
	});

	it('lets a needed check box that is not ticked mean false', () => {
		const made = forForm({ required: ['agreed'], properties: { agreed: { type: 'boolean' } } });
		expect(made.properties?.['agreed']).toMatchObject({ default: false });
	});

	it('ticks no box that somebody must tick', () => {
		const made = forForm({ required: ['agreed'], properties: { agreed: { type: 'boolean', const: true } } });
		expect(made.properties?.['agreed']).toEqual({
			type: 'boolean',
			title: 'Agreed',
			not: { const: false },
			default: false
		});
	});

	it('knows when there is nothing to fill in', () => {
		expect(isEmpty({ type: 'object' })).toBe(true);
		expect(isEmpty(true)).toBe(true);
		expect(isEmpty({ properties: { a: {} } })).toBe(false);
	});

	it('gives long texts several lines', () => {
		expect(
			look({ properties: { note: { type: 'string', maxLength: 4000 }, name: { type: 'string' } } })
		).toEqual({
			note: { 'ui:components': { textWidget: 'textareaWidget' } }
		});
	});
});

describe('an example of a schema', () => {
	it('has every field, with defaults and first options', () => {
		expect(
			example({
				type: 'object',
				properties: {
					name: { type: 'string' },
					amount: { type: 'integer', minimum: 5 },
					currency: { enum: ['EUR', 'USD'] },
					express: { type: 'boolean', default: true },
					lines: { type: 'array', items: {} },
					at: { $ref: '#/$defs/Day' }
				},
				$defs: { Day: { type: 'string', format: 'date' } }
			})
		).toEqual({ name: '', amount: 5, currency: 'EUR', express: true, lines: [], at: '2026-01-31' });
	});

	it('of the least that it asks for leaves out what may be absent', () => {
		const schema = {
			required: ['item'],
			properties: { item: { type: 'string' }, after: { type: 'string' } }
		};
		expect(leastExample(schema as never)).toEqual({ item: '' });
	});
});
