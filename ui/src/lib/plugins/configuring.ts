/** The form of a plugin's configuration. */

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema of what is to be entered: a secret that is set already may be left out, and then stays as it is; what may
 * be null is a field that may be left empty.
 *
 * @param schema the configuration's, as pydantic writes it.
 * @param secrets names of those that are set.
 */
export function formOf(schema: Schema, secrets: readonly string[]): Record<string, unknown> {
	const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
	const required = (schema['required'] ?? []) as string[];
	return {
		...schema,
		properties: Object.fromEntries(properties.map(([name, field]) => [name, withoutNull(field)])),
		required: required.filter((name) => !secrets.includes(name))
	};
}

function withoutNull(field: Schema): Schema {
	const choices = field['anyOf'];
	if (!Array.isArray(choices)) return field;
	const others = (choices as Schema[]).filter((each) => each['type'] !== 'null');
	const [only] = others;
	if (others.length !== 1 || others.length === choices.length || !only) return field;
	const own = Object.entries(field).filter(([name, value]) => name !== 'anyOf' && value !== null);
	return { ...only, ...Object.fromEntries(own) };
}
