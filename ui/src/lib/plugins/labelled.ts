/** Forms of plugins: a JSON Schema whose fields are called as the plugin says, in the person's language. */
import { said } from './words';

type Labels = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The schema with the labels as titles of its fields. */
export function labelled(schema: Readonly<Record<string, unknown>>, labels: Labels): Record<string, unknown> {
	const properties = (schema['properties'] ?? {}) as Record<string, unknown>;
	const named = Object.entries(properties).map(([name, field]) => {
		const texts = labels[name];
		const isObject = typeof field === 'object' && field !== null;
		return [name, texts && isObject ? { ...field, title: said(texts) } : field];
	});
	return { ...schema, properties: Object.fromEntries(named) as Record<string, unknown> };
}
