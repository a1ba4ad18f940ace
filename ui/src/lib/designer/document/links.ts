/**
 * Changing how nodes lead to each other. A link begins at a port of its source, as `portsOf` of the graph calls them;
 * `cases/-` and `branches/-` add one more. From the port `dependency` it is the target that waits.
 */
import { asList, edgesOf, isObject, isTemplate, type EdgeJson } from '#lib/graph/definition';
import type { Definition, NodeDefinition } from './definition';

/** A way from one node to another. */
export interface Link {
	source: string;
	port: string;
	target: string;
}

/** An id for a link, unique within a definition. */
export function linkId(link: Link): string {
	return `${link.source}→${link.port}→${link.target}`;
}

/** Every link between nodes that are there. */
export function linksOf(definition: Definition): Link[] {
	const ids = new Set(definition.nodes.map((node) => node.id));
	const links = edgesOf(definition)
		.filter((edge) => ids.has(edge.source) && ids.has(edge.target))
		.map(linkOf);
	const pairs = new Set(links.filter((link) => !isDependency(link)).map(pairOf));
	// where both ends name the way, it is one
	return links.filter((link) => !isDependency(link) || !pairs.has(pairOf(link)));
}

/** The link that an edge of the graph shows. */
export function linkOf(edge: EdgeJson): Link {
	const port = edge.kind === 'dependency' ? 'dependency' : edge.port;
	return { source: edge.source, port, target: edge.target };
}

function isDependency(link: Link): boolean {
	return link.port === 'dependency';
}

function pairOf(link: Link): string {
	return `${link.source}→${link.target}`;
}

export function dependenciesOf(node: NodeDefinition): string[] {
	return many(node['dependencies']).filter((each) => typeof each === 'string');
}

/** A node that leads to `target` from a port, too. */
export function withLink(node: NodeDefinition, port: string, target: string): NodeDefinition {
	const [field, key] = splitPort(port);
	switch (field) {
		case 'next':
			if (isTemplate(node['next'])) return { ...node, targets: joined(node['targets'], target) };
			return { ...node, next: joined(node['next'], target) };
		case 'onError': {
			const routes = many(node['onError']);
			if (routes.some((each) => isObject(each)))
				return { ...node, onError: [...routes.filter((each) => isObject(each)), target] };
			return { ...node, onError: target };
		}
		case 'timeout': {
			const timeout = node['timeout'];
			if (isObject(timeout)) return { ...node, timeout: { ...timeout, next: target } };
			return { ...node, timeout: { duration: timeout ?? '1d', next: target } };
		}
		case 'outcomes': {
			const outcomes = isObject(node['outcomes']) ? node['outcomes'] : {};
			return { ...node, outcomes: { ...outcomes, [unescaped(key)]: target } };
		}
		case 'cases':
		case 'branches':
		case 'firstOf':
			return { ...node, [field]: withItem(field, asList(node[field]), key, target) };
		default:
			return { ...node, [field]: target };
	}
}

/** A node that leads from a port to `target` no longer; to another in its place where one is given. */
export function withoutLink(
	node: NodeDefinition,
	port: string,
	target: string,
	instead?: string
): NodeDefinition {
	const [field, key] = splitPort(port);
	switch (field) {
		case 'next': {
			const place = isTemplate(node['next']) ? 'targets' : 'next';
			return withField(node, place, swapped(node[place], target, instead));
		}
		case 'dependencies':
			return withField(node, field, swapped(node[field], target, instead));
		case 'onError':
			return withField(node, field, swappedRoutes(node['onError'], target, instead));
		case 'timeout':
			return isObject(node['timeout'])
				? { ...node, timeout: withField(node['timeout'], 'next', instead) }
				: node;
		case 'outcomes':
			return isObject(node['outcomes'])
				? { ...node, outcomes: withField(node['outcomes'], unescaped(key), instead) }
				: node;
		case 'cases':
		case 'firstOf':
		case 'branches': {
			const items = asList(node[field]).flatMap((each, index) => {
				if (index !== Number(key)) return [each];
				if (isObject(each)) return [withField(each, 'next', instead)];
				return instead === undefined ? [] : [instead];
			});
			return { ...node, [field]: items };
		}
		default:
			return withField(node, field, instead);
	}
}

/** A node in which every name of `id` is another, or is gone. */
export function retargeted(node: NodeDefinition, id: string, instead?: string): NodeDefinition {
	let changed = node;
	const links = edgesOf({ nodes: [node, { id, type: 'end' }] })
		.map(linkOf)
		.filter((link) => link.source === node.id && link.target === id && !isDependency(link));
	// from the end: taking a branch away moves those behind it
	for (const link of links.reverse()) changed = withoutLink(changed, link.port, id, instead);
	if (dependenciesOf(node).includes(id)) changed = withoutLink(changed, 'dependencies', id, instead);
	return changed;
}

/** A part of a JSON pointer (RFC 6901) as the name it stands for. */
function unescaped(part: string): string {
	return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function withItem(field: string, items: readonly unknown[], key: string, target: string): unknown[] {
	if (key === '-') return [...items, field === 'cases' ? { when: '', next: target } : target];
	return items.map((each, index) =>
		index !== Number(key) ? each : isObject(each) ? { ...each, next: target } : target
	);
}

function splitPort(port: string): [field: string, key: string] {
	const at = port.indexOf('/');
	return at < 0 ? [port, ''] : [port.slice(0, at), port.slice(at + 1)];
}

function withField<T extends Record<string, unknown>>(object: T, field: string, value: unknown): T {
	if (value !== undefined) return { ...object, [field]: value };
	const { [field]: _, ...rest } = object;
	return rest as T;
}

/** A text or list with one more. */
function joined(value: unknown, target: string): string | string[] {
	const all = many(value).filter((each): each is string => typeof each === 'string' && each !== '');
	if (all.includes(target)) return value as string | string[];
	return all.length === 0 ? target : [...all, target];
}

function swapped(value: unknown, target: string, instead: string | undefined): unknown {
	if (!Array.isArray(value)) return value === target ? instead : value;
	const left = value.flatMap((each: unknown) =>
		each !== target ? [each] : instead === undefined ? [] : [instead]
	);
	if (left.length === 0) return undefined;
	return instead === undefined && left.length === 1 ? left[0] : [...new Set(left)];
}

function swappedRoutes(value: unknown, id: string, instead: string | undefined): unknown {
	const left = many(value).flatMap((each) => {
		if (target(each) !== id) return [each];
		if (instead === undefined) return [];
		return [isObject(each) ? { ...each, next: instead } : instead];
	});
	if (left.length === 0) return undefined;
	return Array.isArray(value) ? left : left[0];
}

function target(value: unknown): unknown {
	return isObject(value) ? value['next'] : value;
}

function many(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}
