import { describe, expect, it } from 'vitest';
import { applied, type Command } from './commands';
import type { Definition, NodeDefinition } from './definition';
import { linkId, linksOf } from './links';

function made(...nodes: NodeDefinition[]): Definition {
	return { id: 'test', nodes };
}

function links(definition: Definition): string[] {
	return linksOf(definition).map(linkId);
}

function after(definition: Definition, ...commands: Command[]): Definition {
	return commands.reduce(applied, definition);
}

const chain = made(
	{ id: 'a', type: 'action', action: 'echo', next: 'b' },
	{ id: 'b', type: 'action', action: 'echo', next: 'c', input: '${ steps.a.output }' },
	{ id: 'c', type: 'end' }
);

describe('adding', () => {
	it('joins a new node to the one that leads to it', () => {
		const added = applied(chain, {
			type: 'addNode',
			node: { id: 'd', type: 'end' },
			from: { source: 'b', port: 'onError' }
		});
		expect(links(added)).toEqual(['a→next→b', 'b→next→c', 'b→onError→d']);
	});

	it('puts a node into the middle of a link', () => {
		const inserted = applied(chain, {
			type: 'insertNode',
			node: { id: 'n', type: 'set', values: {} },
			link: { source: 'a', port: 'next', target: 'b' }
		});
		expect(links(inserted)).toEqual(['a→next→n', 'b→next→c', 'n→next→b']);
	});

	it('keeps the order of branches when a node goes into one of them', () => {
		const parallel = made(
			{ id: 'p', type: 'parallel', branches: ['x', { name: 'second', next: 'y' }, 'z'] },
			{ id: 'x', type: 'end' },
			{ id: 'y', type: 'end' },
			{ id: 'z', type: 'end' }
		);
		const inserted = applied(parallel, {
			type: 'insertNode',
			node: { id: 'n', type: 'set', values: {} },
			link: { source: 'p', port: 'branches/1', target: 'y' }
		});
		expect(inserted.nodes[0]?.['branches']).toEqual(['x', { name: 'second', next: 'n' }, 'z']);
	});
});

describe('removing', () => {
	it('joins the neighbours of a node that stood between two', () => {
		expect(links(applied(chain, { type: 'removeNodes', ids: ['b'] }))).toEqual(['a→next→c']);
	});

	it('leaves no name of what is gone', () => {
		const gone = applied(
			made(
				{ id: 'd', type: 'decision', cases: [{ when: 'x', next: 'e' }], default: 'e' },
				{ id: 'w', type: 'wait', event: 'go', timeout: { duration: '1h', next: 'e' }, next: 'd' },
				{
					id: 'h',
					type: 'approval',
					outcomes: { rejected: 'e' },
					onError: [{ next: 'e', codes: ['x'] }, 'w']
				},
				{ id: 'p', type: 'parallel', branches: ['e', 'w'] },
				{ id: 'e', type: 'end', dependencies: ['d', 'w'] }
			),
			{ type: 'removeNodes', ids: ['e'] }
		);
		expect(JSON.stringify(gone)).not.toContain('"e"');
		expect(gone.nodes[1]?.['timeout']).toEqual({ duration: '1h' });
		expect(gone.nodes[2]?.['onError']).toEqual(['w']);
		expect(gone.nodes[3]?.['branches']).toEqual(['w']);
	});

	it('takes several branches away at once', () => {
		const left = applied(
			made(
				{ id: 'p', type: 'parallel', branches: ['x', 'y', 'z'] },
				{ id: 'x', type: 'end' },
				{ id: 'y', type: 'end' },
				{ id: 'z', type: 'end' }
			),
			{
				type: 'disconnect',
				links: [
					{ source: 'p', port: 'branches/0', target: 'x' },
					{ source: 'p', port: 'branches/2', target: 'z' }
				]
			}
		);
		expect(left.nodes[0]?.['branches']).toEqual(['y']);
	});

	it('moves the start to what follows a removed start', () => {
		const started = { ...chain, startNode: 'a' };
		expect(applied(started, { type: 'removeNodes', ids: ['a'] })['startNode']).toBeUndefined();
	});
});

describe('connecting', () => {
	it('adds to the branches, the cases and what follows', () => {
		const nodes = made(
			{ id: 'p', type: 'parallel', branches: ['a'] },
			{ id: 'd', type: 'decision', cases: [] },
			{ id: 's', type: 'start', next: 'a' },
			{ id: 'a', type: 'end' },
			{ id: 'b', type: 'end' }
		);
		const connected = after(
			nodes,
			{ type: 'connect', link: { source: 'p', port: 'branches/-', target: 'b' } },
			{ type: 'connect', link: { source: 'd', port: 'cases/-', target: 'b' } },
			{ type: 'connect', link: { source: 's', port: 'next', target: 'b' } }
		);
		expect(connected.nodes[0]?.['branches']).toEqual(['a', 'b']);
		expect(connected.nodes[1]?.['cases']).toEqual([{ when: '', next: 'b' }]);
		expect(connected.nodes[2]?.['next']).toEqual(['a', 'b']);
	});

	it('moves the end of a link and leaves the rest of the case as it is', () => {
		const decision = made(
			{ id: 'd', type: 'decision', cases: [{ when: 'x > 1', label: 'Many', next: 'a' }] },
			{ id: 'a', type: 'end' },
			{ id: 'b', type: 'end' }
		);
		const moved = applied(decision, {
			type: 'reconnect',
			link: { source: 'd', port: 'cases/0', target: 'a' },
			to: { source: 'd', port: 'cases/0', target: 'b' }
		});
		expect(moved.nodes[0]?.['cases']).toEqual([{ when: 'x > 1', label: 'Many', next: 'b' }]);
	});

	it('lets a node wait for all that lead to it, and undoes a way that both ends name', () => {
		const joined = applied(
			made(
				{ id: 'a', type: 'set', values: {}, next: 'c' },
				{ id: 'b', type: 'set', values: {}, next: 'c' },
				{ id: 'c', type: 'end' }
			),
			{ type: 'waitForAll', id: 'c', wait: true }
		);
		expect(joined.nodes[2]?.['dependencies']).toEqual(['a', 'b']);
		expect(links(joined)).toEqual(['a→next→c', 'b→next→c']);
		const apart = applied(joined, {
			type: 'disconnect',
			links: [{ source: 'a', port: 'next', target: 'c' }]
		});
		expect(apart.nodes[2]?.['dependencies']).toEqual('b');
		expect(links(apart)).toEqual(['b→next→c']);
	});
});

describe('renaming', () => {
	it('is followed by links, the start and expressions', () => {
		const definition = {
			...chain,
			startNode: 'a',
			settings: { searchAttributes: { x: '${steps.a.output}' } },
			nodes: [
				...chain.nodes,
				{ id: 'a-b', type: 'set', values: { x: '${steps.a-b.output + steps["a"].output}' } },
				{
					id: 'd',
					type: 'decision',
					condition: 'steps.a.output.ok && x.steps_a',
					true: 'a',
					onError: { next: 'a' }
				}
			]
		};
		const renamed = applied(definition, { type: 'renameNode', id: 'a', to: 'first' });
		expect(renamed['startNode']).toBe('first');
		expect(renamed.nodes[0]?.id).toBe('first');
		expect(renamed.nodes[1]?.['input']).toBe('${ steps.first.output }');
		expect(renamed.nodes[3]?.['values']).toEqual({ x: '${steps.a-b.output + steps["first"].output}' });
		expect(renamed.nodes[4]).toEqual({
			id: 'd',
			type: 'decision',
			condition: 'steps.first.output.ok && x.steps_a',
			true: 'first',
			onError: { next: 'first' }
		});
		expect(renamed['settings']).toEqual({ searchAttributes: { x: '${steps.first.output}' } });
	});
});

describe('copying', () => {
	it('gives copies ids of their own, and keeps what leads from copy to copy', () => {
		const pasted = applied(chain, { type: 'paste', nodes: chain.nodes.slice(0, 2) });
		expect(links(pasted)).toEqual(['a→next→b', 'b→next→c', 'a-2→next→b-2']);
		expect(pasted.nodes[4]?.['input']).toBe('${ steps.a-2.output }');
	});

	it('loses nothing that has nothing to do with links', () => {
		const node = { id: 'x', type: 'action', action: 'end', input: { next: 'c', of: ['a'] }, next: 'c' };
		const pasted = applied(chain, { type: 'paste', nodes: [node] });
		expect(pasted.nodes[3]).toEqual({
			id: 'x',
			type: 'action',
			action: 'end',
			input: { next: 'c', of: ['a'] }
		});
	});
});

it('leaves the definition that it was given as it is', () => {
	const before = structuredClone(chain);
	after(
		chain,
		{ type: 'removeNodes', ids: ['b'] },
		{ type: 'renameNode', id: 'a', to: 'z' },
		{ type: 'setNode', id: 'z', fields: { action: undefined, name: 'Zed' } }
	);
	expect(chain).toEqual(before);
});
