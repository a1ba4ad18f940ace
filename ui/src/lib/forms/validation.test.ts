import { describe, expect, it } from 'vitest';
import { check, fits } from './validation';

const ORDER = {
	type: 'object',
	required: ['customer', 'amount'],
	properties: {
		customer: { type: 'string', minLength: 2 },
		amount: { type: 'integer', minimum: 1, maximum: 10 },
		mail: { type: 'string', format: 'email' },
		lines: {
			type: 'array',
			items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } }
		}
	}
} as const;

describe('what is wrong with a value', () => {
	it('is told at the field that is missing, not at its object', () => {
		expect(check(ORDER as never, { amount: 3 })).toEqual([
			{ path: ['customer'], message: 'This is needed.' }
		]);
	});

	it('is told once, at the deepest place', () => {
		expect(check(ORDER as never, { customer: 'Ada', amount: 3, lines: [{ sku: 'a' }, {}] })).toEqual([
			{ path: ['lines', 1, 'sku'], message: 'This is needed.' }
		]);
	});

	it('names limits', () => {
		const told = check(ORDER as never, { customer: 'A', amount: 11, mail: 'nobody' });
		expect(told.map((each) => each.message)).toEqual([
			'Needs at least 2 characters.',
			'Must be 10 or less.',
			'Is not a valid email.'
		]);
	});

	it('names the type that is asked for', () => {
		expect(check(ORDER as never, { customer: 'Ada', amount: 'three' })).toEqual([
			{ path: ['amount'], message: 'This must be a whole number.' }
		]);
	});

	it('is nothing where the value fits', () => {
		expect(check(ORDER as never, { customer: 'Ada', amount: 3 })).toEqual([]);
		expect(fits(ORDER as never, { customer: 'Ada', amount: 3 })).toBe(true);
	});
});
