/** JSON Schemas as people read them: fields with their types, one below the other. */
import { words } from '#lib/forms/schema';
import { m } from '#lib/paraglide/messages';

type JsonSchema = Record<string, unknown>;

export interface SchemaRow {
	name: string;
	type: string;
	isRequired: boolean;
	description: string;
	/** The values that it may have. */
	options: readonly string[];
	/** What it is where it is absent. */
	otherwise: string | undefined;
	/** The fields of an object, or of the objects in a list. */
	rows: readonly SchemaRow[];
}

/** Levels of objects within objects that are told. */
const DEPTH = 5;

const TYPES: Record<string, () => string> = {
	string: m.integrations_type_string,
	number: m.integrations_type_number,
	integer: m.integrations_type_integer,
	boolean: m.integrations_type_boolean,
	array: m.integrations_type_array,
	object: m.integrations_type_object
};

/** The fields of a schema; none where it is no object's. */
export function rowsOf(schema: unknown, root: unknown = schema, depth = 0): SchemaRow[] {
	const object = resolved(schema, root);
	if (object === undefined || depth > DEPTH) return [];
	const required = Array.isArray(object['required']) ? object['required'] : [];
	return Object.entries(isSchema(object['properties']) ? object['properties'] : {}).map(([name, each]) => {
		const field = resolved(each, root) ?? {};
		const outer = isSchema(each) ? each : {};
		const item = resolved(field['items'], root);
		return {
			name,
			type: typeOf(field, root),
			isRequired: required.includes(name),
			description: text(outer['description']) || text(field['description']) || titleUnlike(field, name),
			options: Array.isArray(field['enum']) ? field['enum'].map(written) : [],
			otherwise: field['default'] === undefined ? undefined : written(field['default']),
			rows: rowsOf(item && isSchema(item['properties']) ? item : field, root, depth + 1)
		};
	});
}

/** What a schema lets a value be, in words. */
export function typeOf(schema: unknown, root: unknown = schema, depth = 0): string {
	const field = resolved(schema, root);
	if (field === undefined || depth > DEPTH) return m.integrations_type_any();
	if (Array.isArray(field['enum'])) return m.integrations_type_choice();
	if (field['const'] !== undefined) return written(field['const']);
	const [type] = namesOf(field['type']);
	if (type === 'array' && isSchema(field['items']))
		return m.integrations_type_list_of({ type: typeOf(field['items'], root, depth + 1) });
	if (type !== undefined) return TYPES[type]?.() ?? m.integrations_type_any();
	if (isSchema(field['properties'])) return m.integrations_type_object();
	const branches = field['anyOf'] ?? field['oneOf'];
	if (!Array.isArray(branches)) return m.integrations_type_any();
	const found = new Set(
		branches.filter((each) => !isNull(each)).map((each) => typeOf(each, root, depth + 1))
	);
	return [...found].join(' / ') || m.integrations_type_any();
}

/**
 * A schema without its reference: what it refers to within the root.
 *
 * @returns undefined where there is nothing to be read.
 */
export function resolved(schema: unknown, root: unknown): JsonSchema | undefined {
	let found: unknown = schema;
	for (let step = 0; step < 8 && isSchema(found); step += 1) {
		const reference = found['$ref'];
		if (typeof reference !== 'string') return found;
		if (!reference.startsWith('#')) return undefined;
		found = reference
			.split('/')
			.slice(1)
			.reduce<unknown>(
				(at, name) =>
					isSchema(at) ? at[decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined,
				root
			);
	}
	return undefined;
}

function namesOf(type: unknown): string[] {
	const all = Array.isArray(type) ? type : [type];
	return all.filter((each): each is string => typeof each === 'string' && each !== 'null');
}

function isNull(schema: unknown): boolean {
	return isSchema(schema) && schema['type'] === 'null';
}

function isSchema(value: unknown): value is JsonSchema {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** A title says something where it is more than the name in other letters. */
function titleUnlike(field: JsonSchema, name: string): string {
	const title = text(field['title']);
	return title.toLowerCase() === words(name).toLowerCase() ? '' : title;
}

function written(value: unknown): string {
	return typeof value === 'string' ? value : JSON.stringify(value);
}
