import { describe, expect, it } from 'vitest';
import { edgesOf, portsOf, type DefinitionJson } from './definition';

const ORDER: DefinitionJson = {
	id: 'order',
	nodes: [
		{ id: 'start', type: 'start', next: ['check', 'tell'] },
		{ id: 'check', type: 'condition', condition: 'total > 10', true: 'approve', false: 'all' },
		{
			id: 'approve',
			type: 'approval',
			outcomes: { 'no/thanks': 'end' },
			timeout: { duration: '1d', next: 'end' },
			onError: [{ next: 'end', codes: ['gone'] }, 'tell'],
			next: 'all'
		},
		{ id: 'all', type: 'parallel', branches: ['tell', { name: 'credit', next: 'each' }], next: 'end' },
		{ id: 'each', type: 'loop', do: 'tell', next: "${data.ok ? 'end' : 'tell'}" },
		{ id: 'tell', type: 'notification' },
		{ id: 'end', type: 'end', dependencies: ['tell'] }
	]
};

describe('the edges of a definition', () => {
	const edges = edgesOf(ORDER);
	const found = (pointer: string, source: string) =>
		edges.filter((edge) => edge.source === source && edge.pointer === pointer).map((edge) => edge.target);

	it('lead to every target of a list', () => {
		expect(found('/next/0', 'start')).toEqual(['check']);
		expect(found('/next/1', 'start')).toEqual(['tell']);
	});

	it('leave a decision by its ways, with their names', () => {
		expect(edges.filter((edge) => edge.source === 'check').map((edge) => [edge.label, edge.target])).toEqual([
			['true', 'approve'],
			['false', 'all']
		]);
	});

	it('leave a task by outcome, timeout and error', () => {
		expect(found('/outcomes/no~1thanks', 'approve')).toEqual(['end']);
		expect(found('/timeout/next', 'approve')).toEqual(['end']);
		expect(found('/onError/0/next', 'approve')).toEqual(['end']);
		expect(found('/onError/1', 'approve')).toEqual(['tell']);
	});

	it('enter branches and bodies of loops', () => {
		expect(found('/branches/0', 'all')).toEqual(['tell']);
		expect(found('/branches/1/next', 'all')).toEqual(['each']);
		expect(found('/do', 'each')).toEqual(['tell']);
	});

	it('lead to what an expression names in quotes', () => {
		expect(found('/next', 'each')).toEqual(['end', 'tell']);
	});

	it('run from what is waited for to what waits', () => {
		expect(edges.filter((edge) => edge.kind === 'dependency')).toMatchObject([
			{ source: 'tell', target: 'end' }
		]);
	});

	it('have ids of their own', () => {
		expect(new Set(edges.map((edge) => edge.id)).size).toBe(edges.length);
	});

	it('begin at ways out that their nodes have', () => {
		const nodes = new Map(ORDER.nodes.map((node) => [node.id, portsOf(node).map((port) => port.id)]));
		for (const edge of edges) expect(nodes.get(edge.source)).toContain(edge.port);
	});

	it('are none where a definition has nothing yet', () => {
		expect(edgesOf({})).toEqual([]);
		expect(edgesOf({ nodes: [null, 5, { type: 'end' }] })).toEqual([]);
	});
});
