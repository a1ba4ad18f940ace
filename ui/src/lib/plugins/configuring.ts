/** The form of a plugin's configuration. */

/**
 * The schema of what is to be entered: a secret that is set already may be left out, and then stays as it is.
 *
 * @param secrets names of those that are set.
 */
export function withoutKept(
	schema: Readonly<Record<string, unknown>>,
	secrets: readonly string[]
): Record<string, unknown> {
	const required = schema['required'];
	if (!Array.isArray(required)) return { ...schema };
	return { ...schema, required: required.filter((name) => !secrets.includes(name as string)) as unknown[] };
}
