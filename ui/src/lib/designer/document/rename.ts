/** Gives a node another id, and lets everything follow that names it. */
import { isObject, type Definition, type NodeDefinition } from './definition';
import { retargeted } from './links';

const STEP = /\bsteps\.([A-Za-z_][A-Za-z0-9_.-]*)/g;
const STEP_BY_KEY = /\bsteps\[\s*(['"])([^'"]+)\1\s*\]/g;

/**
 * A definition in which a node has another id.
 *
 * Links, dependencies, the start, and `steps.<id>` in expressions follow.
 */
export function renamed(definition: Definition, id: string, to: string): Definition {
	const ids = definition.nodes.map((node) => node.id);
	const inText = (text: string) => renamedInText(text, id, to, ids);
	const nodes = definition.nodes.map((node) => {
		const linked = retargeted(node, id, to);
		const read = everyText(linked, inText) as NodeDefinition;
		const chosen = typeof read['next'] === 'string' ? renamedChoice(read['next'], id, to) : undefined;
		return {
			...read,
			...(chosen !== undefined && { next: chosen }),
			id: node.id === id ? to : node.id
		};
	});
	const rest = everyText({ ...definition, nodes: [] }, inText) as Definition;
	return { ...rest, ...(definition['startNode'] === id && { startNode: to }), nodes };
}

/** An expression, or text with expressions, that reads the step under its new id. */
export function renamedInText(text: string, id: string, to: string, ids: readonly string[]): string {
	if (!text.includes('steps')) return text;
	return text
		.replace(STEP, (whole, path: string) => {
			// ids may hold dots and hyphens: the longest that fits is meant, as the server reads it
			const meant = ids
				.filter((each) => path.startsWith(each) && !/[A-Za-z0-9_]/.test(path.charAt(each.length)))
				.reduce((longest, each) => (each.length > longest.length ? each : longest), '');
			return meant === id ? `steps.${to}${path.slice(id.length)}` : whole;
		})
		.replace(STEP_BY_KEY, (whole, quote: string, key: string) =>
			key === id ? `steps[${quote}${to}${quote}]` : whole
		);
}

/** A `next` that chooses by an expression names nodes in quotes. */
function renamedChoice(next: string, id: string, to: string): string {
	if (!next.includes('${')) return next;
	return next.replaceAll(`'${id}'`, `'${to}'`).replaceAll(`"${id}"`, `"${to}"`);
}

function everyText(value: unknown, change: (text: string) => string): unknown {
	if (typeof value === 'string') return change(value);
	if (Array.isArray(value)) {
		const items = value.map((each) => everyText(each, change));
		return items.some((each, index) => each !== value[index]) ? items : value;
	}
	if (!isObject(value)) return value;
	const entries = Object.entries(value).map(([key, each]) => [key, everyText(each, change)] as const);
	return entries.some(([key, each]) => each !== value[key]) ? Object.fromEntries(entries) : value;
}
