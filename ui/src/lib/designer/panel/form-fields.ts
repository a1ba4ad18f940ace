/** The JSON Schema of a form as a list of fields. What a list cannot show stays in the schema as it is. */
import { isObject } from '#lib/graph/definition';
import { withField, withKey, type JsonSchema } from './shape';

export const FIELD_TYPES = [
	'text',
	'long',
	'number',
	'integer',
	'boolean',
	'choice',
	'date',
	'moment',
	'email',
	'list'
] as const;
export type FieldType = (typeof FIELD_TYPES)[number] | 'other';

export interface FormField {
	name: string;
	title: string;
	help: string;
	type: FieldType;
	isRequired: boolean;
	options: readonly string[];
}

/** Texts that long have several lines. */
const LONG = 4000;

/** Keywords that say what kind of field it is, and those that do not. */
const KIND = ['type', 'format', 'enum', 'items', 'maxLength'] as const;
const SHOWN = new Set([
	'type',
	'properties',
	'required',
	'title',
	'description',
	'$schema',
	'additionalProperties'
]);

export function formFields(schema: JsonSchema): FormField[] {
	return Object.entries(properties(schema)).map(([name, field]) => ({
		name,
		title: text(field['title']),
		help: text(field['description']),
		type: typeOf(field),
		isRequired: required(schema).includes(name),
		options: Array.isArray(field['enum']) ? field['enum'].map(String) : []
	}));
}

/** Whether the schema says more than a list of fields can show. */
export function saysMore(schema: JsonSchema): boolean {
	return Object.keys(schema).some((each) => !SHOWN.has(each));
}

export function withFormField(schema: JsonSchema, name: string, change: Partial<FormField>): JsonSchema {
	let made = schema;
	const field = properties(made)[name] ?? {};
	let changed = field;
	if (change.title !== undefined) changed = withField(changed, 'title', change.title || undefined);
	if (change.help !== undefined) changed = withField(changed, 'description', change.help || undefined);
	if (change.type !== undefined) changed = retyped(changed, change.type);
	if (change.options !== undefined) changed = { ...changed, enum: change.options };
	if (changed !== field) made = withProperties(made, { ...properties(made), [name]: changed });
	if (change.isRequired !== undefined) {
		const others = required(made).filter((each) => each !== name);
		made = withRequired(made, change.isRequired ? [...others, name] : others);
	}
	if (change.name !== undefined && change.name !== name && !(change.name in properties(made))) {
		made = withProperties(made, withKey(properties(made), name, change.name));
		made = withRequired(
			made,
			required(made).map((each) => (each === name ? change.name! : each))
		);
	}
	return made;
}

/** The schema with one more field. */
export function withNewField(schema: JsonSchema, title: string): JsonSchema {
	let name = 'field';
	for (let number = 2; name in properties(schema); number += 1) name = `field${number}`;
	return withProperties(schema, { ...properties(schema), [name]: { type: 'string', title } });
}

export function withoutFormField(schema: JsonSchema, name: string): JsonSchema {
	const left = withField(properties(schema), name, undefined);
	return withRequired(
		withProperties(schema, left),
		required(schema).filter((each) => each !== name)
	);
}

/** The schema with a field one place further up. */
export function withFieldUp(schema: JsonSchema, name: string): JsonSchema {
	const entries = Object.entries(properties(schema));
	const index = entries.findIndex(([each]) => each === name);
	if (index < 1) return schema;
	const moved = entries.toSpliced(index, 1).toSpliced(index - 1, 0, entries[index]!);
	return withProperties(schema, Object.fromEntries(moved));
}

function typeOf(field: JsonSchema): FieldType {
	if (Array.isArray(field['enum'])) return 'choice';
	switch (field['type']) {
		case 'string':
			if (field['format'] === 'date') return 'date';
			if (field['format'] === 'date-time') return 'moment';
			if (field['format'] === 'email') return 'email';
			if (field['format'] !== undefined && field['format'] !== 'multiline') return 'other';
			return Number(field['maxLength'] ?? 0) > 200 || field['format'] === 'multiline' ? 'long' : 'text';
		case 'number':
		case 'integer':
		case 'boolean':
			return field['type'];
		case 'array':
			return isObject(field['items']) && field['items']['type'] === 'string' ? 'list' : 'other';
		default:
			return 'other';
	}
}

function retyped(field: JsonSchema, type: FieldType): JsonSchema {
	const kept = KIND.reduce<JsonSchema>((made, each) => withField(made, each, undefined), field);
	switch (type) {
		case 'text':
			return { type: 'string', ...kept };
		case 'long':
			return { type: 'string', maxLength: LONG, ...kept };
		case 'choice':
			return { type: 'string', enum: Array.isArray(field['enum']) ? field['enum'] : [], ...kept };
		case 'date':
			return { type: 'string', format: 'date', ...kept };
		case 'moment':
			return { type: 'string', format: 'date-time', ...kept };
		case 'email':
			return { type: 'string', format: 'email', ...kept };
		case 'list':
			return { type: 'array', items: { type: 'string' }, ...kept };
		case 'other':
			return field;
		default:
			return { type, ...kept };
	}
}

function properties(schema: JsonSchema): Record<string, JsonSchema> {
	const found = isObject(schema['properties']) ? schema['properties'] : {};
	return Object.fromEntries(Object.entries(found).map(([name, each]) => [name, isObject(each) ? each : {}]));
}

function required(schema: JsonSchema): string[] {
	return Array.isArray(schema['required']) ? schema['required'].map(String) : [];
}

function withProperties(schema: JsonSchema, found: Record<string, unknown>): JsonSchema {
	return { type: 'object', ...schema, properties: found };
}

function withRequired(schema: JsonSchema, names: readonly string[]): JsonSchema {
	return withField(schema, 'required', names.length > 0 ? names : undefined);
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}
