/**
 * A definition as far as the graph needs it, and what leads where in it: the counterpart of `language/graph.py`.
 *
 * Definitions that are being drawn are incomplete, so nothing here expects more than it finds.
 */

/** A node as it stands in the definition. */
export interface NodeJson {
	id: string;
	type: string;
	name?: string;
	[field: string]: unknown;
}

export interface DefinitionJson {
	id: string;
	name?: string;
	nodes: NodeJson[];
	[field: string]: unknown;
}

/** What takes a token along an edge. */
export type EdgeKind = 'next' | 'branch' | 'case' | 'outcome' | 'body' | 'error' | 'timeout' | 'dependency';

/** A way out of a node: where an edge begins, whether or not there is one. */
export interface Port {
	/** Unique in the node; for lists of targets (`next`, `onError`) the field's name. */
	id: string;
	kind: EdgeKind;
	/** What the way is called, where a node has several. */
	label?: string;
}

export interface EdgeJson {
	id: string;
	source: string;
	target: string;
	kind: EdgeKind;
	port: string;
	/** Where in the node the definition says so: a JSON pointer that begins below the node. */
	pointer: string;
	label?: string;
}

const ALIASES: Record<string, string> = {
	condition: 'decision',
	delay: 'wait',
	form: 'human-task',
	approval: 'human-task'
};

/** The type that a node's type is another name of. */
export function baseType(type: string): string {
	return ALIASES[type] ?? type;
}

/** Whether a type is one that a plugin adds: `stamps.press`. */
export function isOfPlugin(type: string): boolean {
	return type.includes('.');
}

/** The id of the plugin whose type it is. */
export function pluginOf(type: string): string {
	return type.slice(0, type.indexOf('.'));
}

/** The nodes that have an id, by id; of several with one id, the first. */
export function nodesById(definition: { nodes?: unknown }): Map<string, NodeJson> {
	const found = new Map<string, NodeJson>();
	for (const node of asList(definition.nodes)) {
		if (isObject(node) && typeof node['id'] === 'string' && !found.has(node['id'])) {
			found.set(node['id'], { type: '', ...node, id: node['id'] } as NodeJson);
		}
	}
	return found;
}

/** The ways out of a node, in the order in which they are shown. */
export function portsOf(node: NodeJson): Port[] {
	const type = baseType(node.type);
	const ports: Port[] = [];
	if (type === 'end' || type === 'fail') return ports;
	if (type === 'decision') {
		if (Array.isArray(node['cases'])) {
			asList(node['cases']).forEach((each, index) =>
				ports.push({ id: `cases/${index}`, kind: 'case', label: caseLabel(each) })
			);
			ports.push(
				{ id: 'cases/-', kind: 'case', label: '+' },
				{ id: 'default', kind: 'case', label: 'default' }
			);
		} else {
			ports.push({ id: 'true', kind: 'case', label: 'true' }, { id: 'false', kind: 'case', label: 'false' });
		}
	}
	if (type === 'parallel') {
		asList(node['branches']).forEach((each, index) => {
			const name = isObject(each) && typeof each['name'] === 'string' ? each['name'] : `${index + 1}`;
			ports.push({ id: `branches/${index}`, kind: 'branch', label: name });
		});
		ports.push({ id: 'branches/-', kind: 'branch', label: '+' });
	}
	if (type === 'loop') ports.push({ id: 'do', kind: 'body', label: 'do' });
	const outcomes = isObject(node['outcomes']) ? Object.keys(node['outcomes']) : [];
	// an approval that is rejected goes its own way, or fails
	if (node.type === 'approval' && !outcomes.includes('rejected')) outcomes.push('rejected');
	if (type === 'human-task') {
		for (const outcome of outcomes) {
			ports.push({ id: `outcomes/${escaped(outcome)}`, kind: 'outcome', label: outcome });
		}
	}
	asList(node['firstOf']).forEach((each, index) => {
		const name = isObject(each)
			? (each['name'] ?? each['event'] ?? each['duration'] ?? each['until'])
			: undefined;
		ports.push({ id: `firstOf/${index}`, kind: 'case', label: String(name ?? index + 1) });
	});
	if (type !== 'decision') {
		ports.push(ports.length > 0 ? { id: 'next', kind: 'next', label: 'next' } : { id: 'next', kind: 'next' });
	}
	const isPatient = type === 'human-task' || (type === 'wait' && node['event'] !== undefined);
	if (isPatient || (type === 'wait' && node['timeout'] !== undefined)) {
		ports.push({ id: 'timeout', kind: 'timeout', label: 'timeout' });
	}
	if (type !== 'start') ports.push({ id: 'onError', kind: 'error', label: 'onError' });
	return ports;
}

/** Every edge that a definition names, also to nodes that are not there. */
export function edgesOf(definition: { nodes?: unknown }): EdgeJson[] {
	const nodes = nodesById(definition);
	const edges: EdgeJson[] = [];
	const add = (
		source: string,
		target: unknown,
		kind: EdgeKind,
		port: string,
		pointer: string,
		label?: string
	) => {
		if (typeof target !== 'string') return;
		edges.push({
			id: `${source}${pointer}>${target}`,
			source,
			target,
			kind,
			port,
			pointer,
			...(label !== undefined && { label })
		});
	};
	for (const node of nodes.values()) {
		for (const [target, pointer] of followers(node, nodes)) add(node.id, target, 'next', 'next', pointer);
		for (const [target, pointer] of many('dependencies', node['dependencies'])) {
			// the edge belongs to the node that waits, and is drawn from the one that is waited for
			add(target, node.id, 'dependency', 'next', `#${node.id}${pointer}`);
		}
		asList(node['branches']).forEach((each, index) => {
			const target = isObject(each) ? each['next'] : each;
			const label = isObject(each) && typeof each['name'] === 'string' ? each['name'] : undefined;
			add(
				node.id,
				target,
				'branch',
				`branches/${index}`,
				`/branches/${index}${isObject(each) ? '/next' : ''}`,
				label
			);
		});
		for (const [target, pointer] of many('do', node['do'])) add(node.id, target, 'body', 'do', pointer, 'do');
		for (const name of ['true', 'false', 'default']) add(node.id, node[name], 'case', name, `/${name}`, name);
		asList(node['cases']).forEach((each, index) => {
			if (isObject(each))
				add(node.id, each['next'], 'case', `cases/${index}`, `/cases/${index}/next`, caseLabel(each));
		});
		asList(node['firstOf']).forEach((each, index) => {
			if (isObject(each)) add(node.id, each['next'], 'case', `firstOf/${index}`, `/firstOf/${index}/next`);
		});
		if (isObject(node['timeout'])) {
			add(node.id, node['timeout']['next'], 'timeout', 'timeout', '/timeout/next', 'timeout');
		}
		for (const [target, pointer, label] of errorRoutes(node['onError'])) {
			add(node.id, target, 'error', 'onError', pointer, label);
		}
		if (isObject(node['outcomes'])) {
			for (const [outcome, target] of Object.entries(node['outcomes'])) {
				const port = `outcomes/${escaped(outcome)}`;
				add(node.id, target, 'outcome', port, `/${port}`, outcome);
			}
		}
	}
	return edges;
}

/** Whether a value is computed when the workflow runs. */
export function isTemplate(value: unknown): value is string {
	return typeof value === 'string' && value.includes('${');
}

function* followers(node: NodeJson, nodes: Map<string, NodeJson>): Generator<[string, string]> {
	const next = node['next'];
	if (!isTemplate(next)) yield* many('next', next);
	else if (node['targets'] !== undefined) yield* many('targets', node['targets']);
	else {
		// what an expression may choose is what it names in quotes
		for (const [, name] of next.matchAll(/["']([^"']+)["']/g)) {
			if (name !== undefined && nodes.has(name)) yield [name, '/next'];
		}
	}
}

function* many(name: string, value: unknown): Generator<[string, string]> {
	if (typeof value === 'string') yield [value, `/${name}`];
	for (const [index, item] of asList(value).entries()) {
		if (typeof item === 'string') yield [item, `/${name}/${index}`];
	}
}

function* errorRoutes(value: unknown, pointer = '/onError'): Generator<[string, string, string | undefined]> {
	if (typeof value === 'string') yield [value, pointer, undefined];
	else if (Array.isArray(value)) {
		for (const [index, item] of value.entries()) yield* errorRoutes(item, `${pointer}/${index}`);
	} else if (isObject(value) && typeof value['next'] === 'string') {
		const narrowed = [...asList(value['codes']), ...asList(value['types'])].filter(
			(each) => typeof each === 'string'
		);
		yield [value['next'], `${pointer}/next`, narrowed.length > 0 ? narrowed.join(', ') : undefined];
	}
}

function caseLabel(each: unknown): string {
	if (!isObject(each)) return '';
	return String(each['label'] ?? each['when'] ?? '');
}

/** A name as a part of a JSON pointer (RFC 6901). */
export function escaped(name: string): string {
	return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asList(value: unknown): unknown[] {
	return Array.isArray(value) ? value : [];
}

/** Where the designer has put a node. */
export function positionOf(node: NodeJson): { x: number; y: number } | undefined {
	const ui = isObject(node['ui']) ? node['ui'] : {};
	const position = isObject(ui['position']) ? ui['position'] : {};
	return typeof position['x'] === 'number' && typeof position['y'] === 'number'
		? { x: position['x'], y: position['y'] }
		: undefined;
}
