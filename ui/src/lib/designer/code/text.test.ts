import { describe, expect, it } from 'vitest';
import { fromText, locate, toText } from './text';

const WORDS = { noObject: 'object', noId: 'id', noNodes: 'nodes', badNode: (n: number) => `node ${n}` };
const DEFINITION = {
	id: 'greeting',
	nodes: [
		{ id: 'start', type: 'start', next: 'greet' },
		{ id: 'greet', type: 'action', action: 'echo', input: { text: 'Hello ${ name }', 'a/b': 1 } }
	]
};

describe('a definition as text', () => {
	it.each(['json', 'yaml'] as const)('comes back from %s as it was', (language) => {
		expect(fromText(toText(DEFINITION, language), WORDS)).toEqual({ definition: DEFINITION, problem: null });
	});

	it('says where it is broken', () => {
		const text = '{ "id": "a", "nodes": [ }';
		const { problem } = fromText(text, WORDS);
		expect(problem?.from).toBeGreaterThan(20);
	});

	it.each([
		['[1]', 'object'],
		['{"nodes": []}', 'id'],
		['{"id": "a"}', 'nodes'],
		['{"id": "a", "nodes": [{"id": "b"}]}', 'node 1']
	])('%s is no definition that can be shown', (text, message) => {
		expect(fromText(text, WORDS).problem?.message).toBe(message);
	});
});

describe('the place of a JSON pointer', () => {
	it.each(['json', 'yaml'] as const)('is its key and value in %s', (language) => {
		const text = toText(DEFINITION, language);
		const [from, to] = locate(text, '/nodes/1/action')!;
		expect(text.slice(from, to)).toMatch(/^"?action"?: "?echo"?$/);
	});

	it('is found through keys with slashes', () => {
		const text = toText(DEFINITION, 'json');
		const [from, to] = locate(text, '/nodes/1/input/a~1b')!;
		expect(text.slice(from, to)).toBe('"a/b": 1');
	});

	it('is the nearest around what is not there', () => {
		const text = toText(DEFINITION, 'json');
		expect(locate(text, '/nodes/1/input/missing')).toEqual(locate(text, '/nodes/1/input'));
	});
});
