import { describe, expect, it } from 'vitest';
import { withoutKept } from './configuring';
import { labelled } from './labelled';

describe('forms of plugins', () => {
	it('do not ask for secrets again that are set', () => {
		const schema = { type: 'object', required: ['token', 'stamp'] };
		expect(withoutKept(schema, ['token'])).toEqual({ type: 'object', required: ['stamp'] });
		expect(withoutKept({ type: 'object' }, ['token'])).toEqual({ type: 'object' });
	});

	it('call fields as the plugin says', () => {
		const schema = { type: 'object', properties: { a: { type: 'string' }, b: { title: 'B' }, c: true } };
		expect(labelled(schema, { a: { en: 'Role' }, c: { en: 'C' } })).toEqual({
			type: 'object',
			properties: { a: { type: 'string', title: 'Role' }, b: { title: 'B' }, c: true }
		});
	});
});
