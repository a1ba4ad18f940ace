/** A definition as the designer holds it: the JSON document of `docs/reference/definition.md`, whole or not. */
import { isObject, positionOf, type DefinitionJson, type NodeJson } from '#lib/graph/definition';

export { isObject, positionOf };

export interface Position {
	x: number;
	y: number;
}

export type Definition = DefinitionJson;
export type NodeDefinition = NodeJson;

/** A comment on the canvas. */
export interface Note {
	id: string;
	text: string;
	position: Position;
	width: number;
	height: number;
}

export const NODE_ID = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;

/** What people see of a node. */
export function nameOf(node: NodeDefinition): string {
	return typeof node.name === 'string' && node.name !== '' ? node.name : node.id;
}

export function withPosition(node: NodeDefinition, position: Position): NodeDefinition {
	const ui = isObject(node['ui']) ? node['ui'] : {};
	return {
		...node,
		ui: { ...ui, position: { x: Math.round(position.x), y: Math.round(position.y) } }
	};
}

/** The comments on the canvas. */
export function notesOf(definition: Definition): Note[] {
	const ui = definition['ui'];
	const notes = isObject(ui) && Array.isArray(ui['notes']) ? (ui['notes'] as unknown[]) : [];
	return notes.flatMap((each) => {
		if (!isObject(each) || typeof each['id'] !== 'string') return [];
		const position = asPosition(each['position']);
		if (!position) return [];
		const size = (value: unknown, otherwise: number) => (typeof value === 'number' ? value : otherwise);
		const text = typeof each['text'] === 'string' ? each['text'] : '';
		return [
			{ id: each['id'], text, position, width: size(each['width'], 220), height: size(each['height'], 120) }
		];
	});
}

export function withNotes(definition: Definition, notes: readonly Note[]): Definition {
	const { notes: _, ...ui } = isObject(definition['ui']) ? definition['ui'] : {};
	if (notes.length > 0) return { ...definition, ui: { ...ui, notes } };
	const { ui: __, ...rest } = definition;
	return Object.keys(ui).length > 0 ? { ...rest, ui } : (rest as Definition);
}

/** An id like `wanted` that is not taken yet: `charge`, `charge-2`, `charge-3` … */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
	if (!taken.has(wanted)) return wanted;
	const stem = wanted.replace(/-\d+$/, '');
	for (let number = 2; ; number += 1) if (!taken.has(`${stem}-${number}`)) return `${stem}-${number}`;
}

/** A name as an id: `Send the reminder` becomes `send-the-reminder`. */
export function idFrom(name: string): string {
	const plain = name
		.replaceAll('ä', 'ae')
		.replaceAll('ö', 'oe')
		.replaceAll('ü', 'ue')
		.replaceAll('ß', 'ss')
		.normalize('NFKD')
		.replace(/[\u0300-\u036f]/g, '')
		.replace(/([a-z0-9])([A-Z])/g, '$1-$2')
		.toLowerCase()
		.replace(/[^a-z0-9_]+/g, '-')
		.replace(/^-+|-+$/g, '')
		.slice(0, 100);
	return plain;
}

function asPosition(value: unknown): Position | undefined {
	if (!isObject(value)) return undefined;
	const { x, y } = value;
	return typeof x === 'number' && typeof y === 'number' ? { x, y } : undefined;
}
