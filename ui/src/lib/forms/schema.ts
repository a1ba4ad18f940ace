/** JSON Schemas made ready for forms: what people expect of a form that a schema does not say. */
import type { Schema, UiSchemaRoot } from '@sjsf/form';

type Branch = Schema | boolean;

/** Texts that may be longer than that get several lines. */
const LONG = 200;

/** Whether there is anything to fill in. */
export function isEmpty(schema: Branch | null | undefined): boolean {
	if (schema === null || schema === undefined || typeof schema === 'boolean') return true;
	const hasFields = Object.keys(schema.properties ?? {}).length > 0;
	const hasOther = Boolean(
		schema.oneOf ?? schema.anyOf ?? schema.allOf ?? schema.$ref ?? schema.enum ?? schema.patternProperties
	);
	return (
		!hasFields &&
		!hasOther &&
		(schema.type === undefined || schema.type === 'object') &&
		typeof schema.additionalProperties !== 'object'
	);
}

/**
 * A schema for a form: fields have titles, a check box that is not ticked means false, and no field is asked for that
 * nobody knows.
 */
export function forForm(schema: Branch): Schema {
	if (typeof schema === 'boolean') return {};
	const made: Schema = { ...schema };
	if (schema.properties) {
		made.properties = Object.fromEntries(
			Object.entries(schema.properties).map(([name, field]) => [
				name,
				titled(name, field, schema.required?.includes(name) ?? false)
			])
		);
		made.type ??= 'object';
	}
	if (typeof schema.items === 'object' && !Array.isArray(schema.items)) made.items = forForm(schema.items);
	for (const keyword of ['oneOf', 'anyOf', 'allOf'] as const) {
		if (schema[keyword]) made[keyword] = schema[keyword].map((each) => forForm(each));
	}
	for (const keyword of ['$defs', 'definitions'] as const) {
		const parts = schema[keyword];
		if (parts) {
			made[keyword] = Object.fromEntries(Object.entries(parts).map(([name, each]) => [name, forForm(each)]));
		}
	}
	return made;
}

function titled(name: string, field: Branch, isRequired: boolean): Schema {
	const made = forForm(field);
	if (made.$ref === undefined) made.title ??= words(name);
	if (typeof made.const === 'boolean') {
		// whoever must agree ticks the box themselves: forms fill constants in
		made.type ??= 'boolean';
		made.not = { const: !made.const };
		delete made.const;
	}
	if (made.type === 'boolean' && isRequired && made.default === undefined) made.default = false;
	return made;
}

/** `customerName` and `customer_name` as people write it: "Customer name". */
export function words(name: string): string {
	const text = name
		.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
		.replace(/[_-]+/g, ' ')
		.trim();
	if (text === '') return name;
	const lower = text
		.split(/\s+/)
		.map((word) => (/^\p{Lu}{2,}$/u.test(word) ? word : word.toLowerCase()))
		.join(' ');
	return lower.charAt(0).toUpperCase() + lower.slice(1);
}

/** How the fields of a schema are shown where their type alone does not say: long texts get several lines. */
export function look(schema: Branch, depth = 0): UiSchemaRoot {
	if (typeof schema === 'boolean' || depth > 12) return {};
	const made: Record<string, unknown> = {};
	if (schema.type === 'string' && !schema.enum && !schema.format && (schema.maxLength ?? 0) > LONG) {
		made['ui:components'] = { textWidget: 'textareaWidget' };
	}
	if ((schema as { format?: string }).format === 'multiline' || 'x-lines' in schema) {
		made['ui:components'] = { textWidget: 'textareaWidget' };
	} else if ((schema as { format?: string }).format === 'password') {
		// browsers fill in what they know of the site itself, unless they are told that this is something new
		made['ui:options'] = { text: { type: 'password', autocomplete: 'new-password' } };
	}
	for (const [name, field] of Object.entries(schema.properties ?? {})) {
		const below = look(field, depth + 1);
		if (Object.keys(below).length > 0) made[name] = below;
	}
	if (typeof schema.items === 'object' && !Array.isArray(schema.items)) {
		const below = look(schema.items, depth + 1);
		if (Object.keys(below).length > 0) made['items'] = below;
	}
	return made as UiSchemaRoot;
}

/** An example of the least that a schema asks for: its required fields only. */
export function leastExample(schema: Branch | null | undefined): unknown {
	if (schema === null || schema === undefined || typeof schema === 'boolean') return {};
	const needed = Object.entries(schema.properties ?? {}).filter(
		([name, field]) =>
			schema.required?.includes(name) || (typeof field === 'object' && field.default !== undefined)
	);
	return example({ ...schema, properties: Object.fromEntries(needed) }, schema);
}

/** An example value for a schema: its defaults, its first options, and empty values of the right types. */
export function example(schema: Branch | null | undefined, root: Branch = schema ?? {}, depth = 0): unknown {
	if (schema === null || schema === undefined || typeof schema === 'boolean' || depth > 8) return {};
	if (schema.default !== undefined) return schema.default;
	if (schema.const !== undefined) return schema.const;
	if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
	if (Array.isArray(schema.enum)) return schema.enum[0];
	if (schema.$ref !== undefined) return example(referred(schema.$ref, root), root, depth + 1);
	const option = schema.oneOf?.[0] ?? schema.anyOf?.[0];
	if (option !== undefined) return example(option, root, depth + 1);
	const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
	if (type === 'object' || schema.properties) {
		return Object.fromEntries(
			Object.entries(schema.properties ?? {}).map(([name, field]) => [name, example(field, root, depth + 1)])
		);
	}
	switch (type) {
		case 'string':
			return text(schema);
		case 'integer':
		case 'number':
			return schema.minimum ?? 0;
		case 'boolean':
			return false;
		case 'array':
			return [];
		case 'null':
			return null;
		default:
			return {};
	}
}

function text(schema: Schema): string {
	switch (schema.format) {
		case 'date':
			return '2026-01-31';
		case 'date-time':
			return '2026-01-31T09:00:00Z';
		case 'email':
			return 'ada@example.com';
		case 'uri':
			return 'https://example.com/';
		default:
			return '';
	}
}

function referred(reference: string, root: Branch): Branch | undefined {
	let found: unknown = root;
	for (const step of reference.split('/').slice(1)) {
		found = (found as Record<string, unknown> | undefined)?.[
			step.replaceAll('~1', '/').replaceAll('~0', '~')
		];
	}
	return found as Branch | undefined;
}
