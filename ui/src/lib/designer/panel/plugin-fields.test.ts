import { expect, test } from 'vitest';
import { ownFields, titleOf } from './plugin-fields';
import { fieldsOf } from './shape';

const common = fieldsOf({ properties: { next: { type: 'string' }, when: { type: 'string' } } });
const schema = { properties: { ink: { type: 'string', title: 'Colour' }, inkPad: { type: 'string' } } };

test('the own fields of a node are neither those of every node nor what became of it', () => {
	const node = { id: 'a', type: 'stamps.press', name: 'A', ui: {}, next: 'b', ink: 'blue', expansion: {} };
	expect(ownFields(node, common)).toEqual({ ink: 'blue' });
});

test('a field is called as the plugin says, else by its name', () => {
	expect(titleOf(schema, '/ink')).toBe('Colour');
	expect(titleOf(schema, '/inkPad/0')).toBe('Ink pad');
	expect(titleOf({}, '/other')).toBe('Other');
});
