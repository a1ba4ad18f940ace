import { describe, expect, it } from 'vitest';
import {
	formFields,
	saysMore,
	withFieldUp,
	withFormField,
	withNewField,
	withoutFormField
} from './form-fields';

const FORM = {
	type: 'object',
	required: ['amount'],
	properties: {
		amount: { type: 'number', title: 'Amount', minimum: 1 },
		kind: { enum: ['a', 'b'] },
		odd: { oneOf: [{ const: 1 }] }
	}
};

describe('a form as a list of fields', () => {
	it('shows each property', () => {
		expect(formFields(FORM).map(({ name, type, isRequired }) => [name, type, isRequired])).toEqual([
			['amount', 'number', true],
			['kind', 'choice', false],
			['odd', 'other', false]
		]);
	});

	it('changes what is asked for and nothing else', () => {
		const made = withFormField(FORM, 'amount', { type: 'integer', title: 'How much' });
		expect(made['properties']).toEqual({
			...FORM.properties,
			amount: { type: 'integer', title: 'How much', minimum: 1 }
		});
	});

	it('renames a field at its place, and where it is required', () => {
		const made = withFormField(FORM, 'amount', { name: 'sum' });
		expect(Object.keys(made['properties'] as object)).toEqual(['sum', 'kind', 'odd']);
		expect(made['required']).toEqual(['sum']);
	});

	it('takes no name that another field has', () => {
		expect(withFormField(FORM, 'amount', { name: 'kind' })).toEqual(FORM);
	});

	it('adds, moves and removes fields', () => {
		const added = withNewField({}, 'Note');
		expect(added).toEqual({ type: 'object', properties: { field: { type: 'string', title: 'Note' } } });
		expect(Object.keys(withFieldUp(FORM, 'kind')['properties'] as object)).toEqual(['kind', 'amount', 'odd']);
		expect(withoutFormField(FORM, 'amount')).not.toHaveProperty('required');
	});

	it('says when there is more to a schema', () => {
		expect(saysMore(FORM)).toBe(false);
		expect(saysMore({ ...FORM, allOf: [] })).toBe(true);
	});
});
