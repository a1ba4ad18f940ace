import { describe, expect, it } from 'vitest';
import { formOf } from './configuring';
import { labelled } from './labelled';

describe('forms of plugins', () => {
	it('do not ask for secrets again that are set', () => {
		const schema = { type: 'object', required: ['token', 'stamp'] };
		expect(formOf(schema, ['token'])).toMatchObject({ required: ['stamp'] });
		expect(formOf({ type: 'object' }, ['token'])).toMatchObject({ required: [] });
	});

	it('have one field for what may be null', () => {
		const secret = { type: 'string', format: 'password', writeOnly: true };
		const nullable = { title: 'Token', default: null, anyOf: [secret, { type: 'null' }] };
		const several = { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }] };
		const made = formOf({ type: 'object', properties: { token: nullable, several } }, []);
		expect(made['properties']).toEqual({ token: { ...secret, title: 'Token' }, several });
	});

	it('call fields as the plugin says', () => {
		const schema = { type: 'object', properties: { a: { type: 'string' }, b: { title: 'B' }, c: true } };
		expect(labelled(schema, { a: { en: 'Role' }, c: { en: 'C' } })).toEqual({
			type: 'object',
			properties: { a: { type: 'string', title: 'Role' }, b: { title: 'B' }, c: true }
		});
	});
});
