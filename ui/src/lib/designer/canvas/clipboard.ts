/** Parts of workflows as text, for the clipboard: they can be pasted into another workflow, or a text editor. */
import { isObject, type NodeDefinition, type Note } from '../document/definition';

const KIND = 'weftline/nodes';

export interface Fragment {
	nodes: NodeDefinition[];
	notes: Note[];
}

export function asText(fragment: Fragment): string {
	return JSON.stringify({ kind: KIND, ...fragment }, null, '\t');
}

/** What was copied; a bare node, a list of nodes and a whole definition are understood, too. */
export function fromText(text: string): Fragment | undefined {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	const listed = Array.isArray(value) ? value : isObject(value) ? (value['nodes'] ?? [value]) : [];
	const nodes = Array.isArray(listed) ? listed.filter(isNode) : [];
	const notes = isObject(value) && Array.isArray(value['notes']) ? value['notes'].filter(isNote) : [];
	return nodes.length + notes.length > 0 ? { nodes, notes } : undefined;
}

function isNode(value: unknown): value is NodeDefinition {
	return isObject(value) && typeof value['id'] === 'string' && typeof value['type'] === 'string';
}

function isNote(value: unknown): value is Note {
	return (
		isObject(value) &&
		typeof value['id'] === 'string' &&
		typeof value['text'] === 'string' &&
		isObject(value['position']) &&
		typeof value['width'] === 'number' &&
		typeof value['height'] === 'number'
	);
}
