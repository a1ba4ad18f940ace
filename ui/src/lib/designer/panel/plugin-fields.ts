/** The fields of a node that only its plugin knows. */
import { words } from '#lib/forms/schema';
import { isObject } from '#lib/graph/definition';
import type { FieldShape, JsonSchema } from './shape';

/** Said by the platform of every node. */
const OURS = new Set(['id', 'type', 'name', 'ui', 'expansion']);

/** A node's fields that are none of those that every node has. */
export function ownFields(
	node: Readonly<Record<string, unknown>>,
	common: readonly FieldShape[]
): Record<string, unknown> {
	const known = new Set(common.map((each) => each.name));
	return Object.fromEntries(Object.entries(node).filter(([name]) => !OURS.has(name) && !known.has(name)));
}

/** What people call the field that a pointer leads into. */
export function titleOf(schema: JsonSchema, pointer: string): string {
	const name = (pointer.split('/')[1] ?? '').replaceAll('~1', '/').replaceAll('~0', '~');
	const fields = isObject(schema['properties']) ? schema['properties'] : {};
	const field = fields[name];
	return isObject(field) && typeof field['title'] === 'string' ? field['title'] : words(name);
}
