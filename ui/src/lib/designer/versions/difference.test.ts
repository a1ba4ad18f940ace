import { describe, expect, it } from 'vitest';
import { edgeMarksOf, nodeMarksOf, together, type Difference } from './difference';

const BEFORE = {
	id: 'order',
	nodes: [
		{ id: 'start', type: 'start', next: 'check' },
		{ id: 'check', type: 'action', next: 'end' },
		{ id: 'end', type: 'end' }
	]
};
const AFTER = {
	id: 'order',
	nodes: [
		{ id: 'start', type: 'start', next: 'charge' },
		{ id: 'charge', type: 'action', next: 'end' },
		{ id: 'end', type: 'end' }
	]
};
const DIFFERENCE: Difference = {
	from: 1,
	to: 2,
	isEmpty: false,
	nodes: { added: ['charge'], removed: ['check'], renamed: [], changed: [{ id: 'start', fields: [] }] },
	settings: [],
	other: []
};

describe('two versions as one graph', () => {
	const shown = together(BEFORE, AFTER, DIFFERENCE);

	it('have the nodes of both', () => {
		expect(shown.nodes.map((node) => node.id)).toEqual(['start', 'charge', 'end', 'check']);
	});

	it('colour what was added, removed and changed', () => {
		const marks = nodeMarksOf(DIFFERENCE);
		expect([marks['charge']?.tone, marks['check']?.tone, marks['start']?.tone]).toEqual([
			'ok',
			'bad',
			'warn'
		]);
		expect(marks['end']).toBeUndefined();
	});

	it('colour the edges that only one has', () => {
		const tones = Object.values(edgeMarksOf(BEFORE, AFTER, shown)).map((mark) => mark.tone);
		expect(tones.toSorted()).toEqual(['bad', 'ok', 'ok']);
	});
});
