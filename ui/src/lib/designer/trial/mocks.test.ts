import { describe, expect, it } from 'vitest';
import { awaited, bodyOf, callers, EMPTY, outcomesOf, tasks } from './mocks';

const DEFINITION = {
	id: 'order',
	nodes: [
		{ id: 'start', type: 'start', next: 'charge' },
		{ id: 'charge', type: 'action', action: 'charge', next: 'ask' },
		{ id: 'ask', type: 'approval', outcomes: { later: 'paid' }, next: 'paid' },
		{ id: 'paid', type: 'wait', event: 'paid' },
		{ id: 'any', type: 'delay', firstOf: [{ event: 'sent' }, { duration: '1d' }, { event: '${ x }' }] }
	]
};

describe('what stands in for the world', () => {
	it('is asked for where a step reaches out of the workflow', () => {
		expect(callers(DEFINITION).map((node) => node.id)).toEqual(['charge']);
		expect(tasks(DEFINITION).map((node) => node.id)).toEqual(['ask']);
		expect(awaited(DEFINITION)).toEqual(['paid', 'sent']);
	});

	it('knows the outcomes of an approval, and the author’s own', () => {
		expect(outcomesOf(DEFINITION.nodes[2]!)).toEqual(['approved', 'rejected', 'later']);
	});

	it('leaves out what belongs to steps that are gone', () => {
		const body = bodyOf(DEFINITION, {
			...EMPTY,
			mocks: { charge: { output: 1 }, gone: { output: 2 } },
			events: { paid: { payload: null }, gone: { payload: null } }
		});
		expect(Object.keys(body.mocks)).toEqual(['charge']);
		expect(body.events).toEqual([{ name: 'paid', payload: null }]);
	});
});
