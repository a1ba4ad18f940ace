/** What a field of a definition may be, read from the JSON Schema that the server publishes. */
import { isObject } from '#lib/graph/definition';
import { isTemplate } from '#lib/graph/definition';

export type JsonSchema = Record<string, unknown>;

export type Shape =
	| { kind: 'text' | 'cel' | 'duration' | 'node' | 'workflow' | 'boolean' | 'any' | 'template' }
	| { kind: 'number'; isWhole: boolean; minimum?: number; maximum?: number }
	| { kind: 'choice'; options: readonly string[] }
	/** Keys of the author's own. */
	| { kind: 'map'; item: Shape }
	| { kind: 'object'; name: string; fields: readonly FieldShape[] }
	| { kind: 'list'; item: Shape }
	/** One of several. */
	| { kind: 'either'; shapes: readonly Shape[] };

export interface FieldShape {
	name: string;
	shape: Shape;
	isRequired: boolean;
	/** What it is where it is absent. */
	default?: unknown;
	/** A sentence in Markdown, in English. */
	description: string;
}

/** The fields of an object's schema. */
export function fieldsOf(schema: JsonSchema, root: JsonSchema = schema, depth = 0): FieldShape[] {
	const properties = isObject(schema['properties']) ? schema['properties'] : {};
	const required = Array.isArray(schema['required']) ? schema['required'] : [];
	return Object.entries(properties).map(([name, field]) => ({
		name,
		shape: shapeOf(field as JsonSchema, root, depth),
		isRequired: required.includes(name),
		...(isObject(field) && field['default'] != null && { default: field['default'] }),
		description: isObject(field) && typeof field['description'] === 'string' ? field['description'] : ''
	}));
}

/** What a schema lets a value be; that it may be null is the same as that it may be absent. */
export function shapeOf(schema: JsonSchema, root: JsonSchema, depth = 0): Shape {
	if (depth > 8) return { kind: 'any' };
	const reference = schema['$ref'];
	if (typeof reference === 'string') {
		const name = reference.slice(reference.lastIndexOf('/') + 1);
		const parts = isObject(root['$defs']) ? root['$defs'] : {};
		return isObject(parts[name]) ? shapeOf(parts[name], root, depth + 1) : { kind: 'any' };
	}
	const several = schema['anyOf'] ?? schema['oneOf'];
	if (Array.isArray(several)) {
		const shapes = several
			.filter((each) => isObject(each) && each['type'] !== 'null')
			.map((each) => shapeOf(each as JsonSchema, root, depth + 1));
		return shapes.length === 1 ? (shapes[0] ?? { kind: 'any' }) : { kind: 'either', shapes };
	}
	const format = schema['format'];
	if (format === 'cel') return { kind: 'cel' };
	if (format === 'weftline-duration') return { kind: 'duration' };
	if (format === 'node-id') return { kind: 'node' };
	if (format === 'workflow-id') return { kind: 'workflow' };
	if (format === 'template') return { kind: 'template' };
	if (Array.isArray(schema['enum'])) return { kind: 'choice', options: schema['enum'].map(String) };
	if (schema['const'] !== undefined) return { kind: 'choice', options: [String(schema['const'])] };
	return typedShape(schema, root, depth);
}

function typedShape(schema: JsonSchema, root: JsonSchema, depth: number): Shape {
	switch (schema['type']) {
		case 'string':
			return { kind: 'text' };
		case 'boolean':
			return { kind: 'boolean' };
		case 'integer':
		case 'number':
			return {
				kind: 'number',
				isWhole: schema['type'] === 'integer',
				...(typeof schema['minimum'] === 'number' && { minimum: schema['minimum'] }),
				...(typeof schema['maximum'] === 'number' && { maximum: schema['maximum'] })
			};
		case 'array':
			return {
				kind: 'list',
				item: isObject(schema['items']) ? shapeOf(schema['items'], root, depth + 1) : { kind: 'any' }
			};
		case 'object': {
			if (isObject(schema['properties'])) {
				const name = typeof schema['title'] === 'string' ? schema['title'] : '';
				return { kind: 'object', name, fields: fieldsOf(schema, root, depth + 1) };
			}
			const items = schema['additionalProperties'];
			return { kind: 'map', item: isObject(items) ? shapeOf(items, root, depth + 1) : { kind: 'any' } };
		}
		default:
			return { kind: 'any' };
	}
}

/** Whether a value has a shape, as far as is needed to know which of several it has. */
export function has(shape: Shape, value: unknown): boolean {
	switch (shape.kind) {
		case 'any':
			return true;
		case 'either':
			return shape.shapes.some((each) => has(each, value));
		case 'template':
			return isTemplate(value);
		case 'text':
		case 'workflow':
			return typeof value === 'string';
		case 'node':
			return typeof value === 'string' && !isTemplate(value);
		case 'cel':
			return typeof value === 'string' || typeof value === 'boolean';
		case 'duration':
			return typeof value === 'string' || typeof value === 'number';
		case 'boolean':
			return typeof value === 'boolean';
		case 'number':
			return typeof value === 'number';
		case 'choice':
			return typeof value === 'string' && shape.options.includes(value);
		case 'list':
			return Array.isArray(value);
		case 'map':
		case 'object':
			return isObject(value);
	}
}

/** Which of several shapes a value has; the first where there is none. */
export function which(shapes: readonly Shape[], value: unknown): number {
	if (value === undefined || value === null) return 0;
	return Math.max(
		0,
		shapes.findIndex((each) => has(each, value))
	);
}

/** A value to begin with where somebody chooses a shape; what was there is kept where it can be. */
export function begin(shape: Shape, before: unknown): unknown {
	switch (shape.kind) {
		case 'list':
			if (Array.isArray(before)) return before;
			return before === undefined || before === '' ? [] : [before];
		case 'map':
			return {};
		case 'object': {
			// the field that the short form stands for
			const main = shape.fields.find((each) => each.isRequired && has(each.shape, before));
			return main && before !== undefined ? { [main.name]: before } : {};
		}
		case 'number':
			return isObject(before) ? first(before, 'number') : (shape.minimum ?? 0);
		case 'boolean':
			return true;
		case 'template':
			return '${ }';
		case 'choice':
			return shape.options[0];
		case 'either':
		case 'any':
			return undefined;
		default:
			if (Array.isArray(before)) return typeof before[0] === 'string' ? before[0] : '';
			return isObject(before) ? (first(before, 'string') ?? '') : '';
	}
}

function first(value: Record<string, unknown>, type: string): unknown {
	return Object.values(value).find((each) => typeof each === type);
}

/** An object with a field set; undefined takes it away. The order of the others stays. */
export function withField(
	value: Readonly<Record<string, unknown>>,
	name: string,
	field: unknown
): Record<string, unknown> {
	if (field !== undefined) return { ...value, [name]: field };
	const { [name]: _, ...rest } = value;
	return rest;
}

/** An object of which one key has another name, at the same place. */
export function withKey(
	value: Readonly<Record<string, unknown>>,
	from: string,
	to: string
): Record<string, unknown> {
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [key === from ? to : key, each]));
}

/** A name as a step of a JSON pointer. */
export function step(name: string | number): string {
	return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
