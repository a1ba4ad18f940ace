import { describe, expect, it } from 'vitest';
import { DesignerDocument } from './document.svelte';

const definition = { id: 'test', nodes: [{ id: 'a', type: 'end' }] };

describe('a document', () => {
	it('undoes and redoes what was done', () => {
		const document = new DesignerDocument(definition);
		document.setNode('a', { name: 'One' });
		document.renameNode('a', 'b');
		document.undo();
		expect(document.definition.nodes[0]).toEqual({ id: 'a', type: 'end', name: 'One' });
		document.undo();
		expect(document.definition).toBe(definition);
		expect(document.canUndo).toBe(false);
		document.redo();
		document.redo();
		expect(document.definition.nodes[0]?.id).toBe('b');
	});

	it('undoes what was typed into one field as one', () => {
		const document = new DesignerDocument(definition);
		for (const name of ['O', 'On', 'One']) document.setNode('a', { name });
		document.setNode('a', { description: 'x' });
		document.undo();
		expect(document.definition.nodes[0]?.['name']).toBe('One');
		document.undo();
		expect(document.definition).toBe(definition);
	});

	it('keeps the selection on a node that gets another id, and off one that is gone', () => {
		const document = new DesignerDocument(definition);
		document.select({ nodes: ['a'] });
		document.renameNode('a', 'b');
		expect(document.selectedNode?.id).toBe('b');
		document.apply({ type: 'removeNodes', ids: ['b'] });
		expect(document.selection.nodes).toEqual([]);
	});

	it('tells problems of nodes by the definition that was checked', () => {
		const document = new DesignerDocument(definition);
		const problem = { pointer: '/nodes/0/next', message: 'wrong', hint: null, code: 'shape' };
		document.tell([problem, { ...problem, pointer: '/settings' }], document.definition);
		expect(document.problems.map(({ nodeId, field }) => [nodeId, field])).toEqual([
			['a', '/next'],
			[undefined, '/settings']
		]);
		expect(document.isChecked).toBe(true);
		document.setNode('a', { name: 'x' });
		expect(document.isChecked).toBe(false);
	});

	it('is not changed where it is only looked at', () => {
		const document = new DesignerDocument(definition);
		document.isReadonly = true;
		document.setNode('a', { name: 'x' });
		expect(document.definition).toBe(definition);
	});
});
