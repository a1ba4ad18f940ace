/** What a JSON value is to somebody who writes a definition. */
import { isObject, isTemplate } from '#lib/graph/definition';
import type { JsonSchema } from './shape';

export const KINDS = ['text', 'expression', 'number', 'boolean', 'object', 'list', 'json'] as const;
export type ValueKind = (typeof KINDS)[number] | 'text-template';

/** The kinds where there is room for a single sign. */
export const SYMBOLS: Record<ValueKind, string> = {
	text: 'T',
	expression: 'ƒ',
	'text-template': 'ƒ',
	number: '1',
	boolean: '✓',
	object: '≡',
	list: '[ ]',
	json: 'J'
};

/** What a value is; where there is none, what it is expected to be. */
export function kindOf(value: unknown, otherwise: ValueKind = 'text'): ValueKind {
	if (value === undefined) return otherwise;
	if (isTemplate(value)) return 'expression';
	if (typeof value === 'string') return 'text';
	if (typeof value === 'number') return 'number';
	if (typeof value === 'boolean') return 'boolean';
	if (Array.isArray(value)) return 'list';
	return isObject(value) ? 'object' : 'json';
}

/** What a schema lets one expect. */
export function hintedKind(schema: JsonSchema | undefined): ValueKind {
	const type = Array.isArray(schema?.['type']) ? (schema['type'] as unknown[])[0] : schema?.['type'];
	switch (type) {
		case 'integer':
		case 'number':
			return 'number';
		case 'boolean':
			return 'boolean';
		case 'array':
			return 'list';
		case 'object':
			return 'object';
		default:
			return isObject(schema?.['properties']) ? 'object' : 'text';
	}
}

/** A value as another kind, keeping of it what can be kept. */
export function converted(value: unknown, kind: ValueKind): unknown {
	const text = typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
	switch (kind) {
		case 'text':
			return unwrapped(text);
		case 'expression':
		case 'text-template':
			if (isTemplate(value)) return value;
			return typeof value === 'string' && value !== '' ? `\${ ${quoted(value)} }` : '${ }';
		case 'number': {
			const number = Number(text);
			return text === '' || Number.isNaN(number) ? 0 : number;
		}
		case 'boolean':
			return text === 'true';
		case 'object':
			return isObject(value) ? value : {};
		case 'list':
			return Array.isArray(value) ? value : value == null || value === '' ? [] : [value];
		case 'json':
			return null;
	}
}

/** A single `${ name }` becomes the text in it. */
function unwrapped(text: string): string {
	const inner = /^\$\{\s*(.*?)\s*\}$/s.exec(text)?.[1] ?? text.replaceAll('${', '$${');
	return /^'[^']*'$|^"[^"]*"$/.test(inner) ? inner.slice(1, -1) : inner;
}

/** A name stays a name; other texts become strings of the expression. */
function quoted(text: string): string {
	return /^[A-Za-z_][\w.]*$/.test(text) ? text : JSON.stringify(text);
}
