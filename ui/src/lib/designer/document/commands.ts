/** What can be done to a definition. Each command gives a new definition and leaves the old one as it is. */
import {
	freeId,
	notesOf,
	positionOf,
	withNotes,
	withPosition,
	type Definition,
	type NodeDefinition,
	type Note,
	type Position
} from './definition';
import { portsOf } from '#lib/graph/definition';
import { dependenciesOf, linksOf, retargeted, withLink, withoutLink, type Link } from './links';
import { renamed } from './rename';

export type Command =
	/** Adds a node; `from` leads to it, where given. */
	| { type: 'addNode'; node: NodeDefinition; from?: { source: string; port: string } }
	/** Removes nodes; where one stood between two others, these are joined. */
	| { type: 'removeNodes'; ids: readonly string[] }
	| { type: 'moveNodes'; positions: Readonly<Record<string, Position>> }
	| { type: 'connect'; link: Link }
	| { type: 'disconnect'; links: readonly Link[] }
	/** Moves an end of a link. */
	| { type: 'reconnect'; link: Link; to: Link }
	/** Adds a node in the middle of a link. */
	| { type: 'insertNode'; node: NodeDefinition; link: Link }
	/** Gives a node another id; links and expressions follow. */
	| { type: 'renameNode'; id: string; to: string }
	/** Adds copies of nodes and notes, with ids of their own. */
	| { type: 'paste'; nodes: readonly NodeDefinition[]; notes?: readonly Note[]; offset?: Position }
	/** Sets fields of a node; undefined takes a field away. `id` is changed by `renameNode` only. */
	| { type: 'setNode'; id: string; fields: Readonly<Record<string, unknown>> }
	/** Sets fields of the workflow: `name`, `settings`, `triggers`, `input` … */
	| { type: 'setWorkflow'; fields: Readonly<Record<string, unknown>> }
	/** Lets a node wait for all that lead to it, or run for each of them. */
	| { type: 'waitForAll'; id: string; wait: boolean }
	| { type: 'setNotes'; notes: readonly Note[] }
	/** Puts another definition in place of all: from the code view, or an import. */
	| { type: 'replace'; definition: Definition }
	/** Does several things as one. */
	| { type: 'several'; commands: readonly Command[] };

/** The definition after a command. */
export function applied(definition: Definition, command: Command): Definition {
	switch (command.type) {
		case 'addNode': {
			const added = { ...definition, nodes: [...definition.nodes, command.node] };
			if (!command.from) return added;
			return connected(added, { ...command.from, target: command.node.id });
		}
		case 'removeNodes':
			return command.ids.reduce(withoutNode, definition);
		case 'moveNodes':
			return eachNode(definition, (node) => {
				const position = command.positions[node.id];
				return position ? withPosition(node, position) : node;
			});
		case 'connect':
			return connected(definition, command.link);
		case 'disconnect':
			return disconnected(definition, command.links);
		case 'reconnect':
			return reconnected(definition, command.link, command.to);
		case 'insertNode':
			return inserted(definition, command.node, command.link);
		case 'renameNode':
			return command.id === command.to ? definition : renamed(definition, command.id, command.to);
		case 'paste':
			return pasted(definition, command.nodes, command.notes ?? [], command.offset ?? { x: 0, y: 0 });
		case 'setNode':
			return oneNode(definition, command.id, (node) => withFields(node, { ...command.fields, id: node.id }));
		case 'setWorkflow':
			return withFields(definition, command.fields);
		case 'waitForAll':
			return oneNode(definition, command.id, (node) =>
				withFields(node, {
					dependencies: command.wait ? predecessors(definition, command.id) : undefined
				})
			);
		case 'setNotes':
			return withNotes(definition, command.notes);
		case 'replace':
			return command.definition;
		case 'several':
			return command.commands.reduce(applied, definition);
	}
}

/** The nodes that lead to a node, each once. */
export function predecessors(definition: Definition, id: string): string[] {
	const sources = linksOf(definition).filter((link) => link.target === id && link.port !== 'onError');
	return [...new Set(sources.map((link) => link.source))];
}

/** The ids that copies get: the same where it is free. */
export function idsOfCopies(definition: Definition, nodes: readonly NodeDefinition[]): Map<string, string> {
	const taken = new Set(definition.nodes.map((node) => node.id));
	const ids = new Map<string, string>();
	for (const node of nodes) {
		const id = freeId(node.id, taken);
		taken.add(id);
		ids.set(node.id, id);
	}
	return ids;
}

function connected(definition: Definition, link: Link): Definition {
	const linked = oneNode(definition, link.source, (node) =>
		link.port === 'dependency' ? node : withLink(node, link.port, link.target)
	);
	// a node with dependencies is entered through them only
	return oneNode(linked, link.target, (node) => {
		const known = dependenciesOf(node);
		const joins = link.port === 'dependency' || (known.length > 0 && link.port === 'next');
		return !joins || known.includes(link.source) ? node : { ...node, dependencies: [...known, link.source] };
	});
}

function disconnected(definition: Definition, links: readonly Link[]): Definition {
	// the last first: taking a branch away moves those behind it
	const ordered = [...links].sort((one, other) =>
		other.port.localeCompare(one.port, 'en', { numeric: true })
	);
	return ordered.reduce((before, link) => {
		const unlinked = oneNode(before, link.source, (node) =>
			link.port === 'dependency' ? node : withoutLink(node, link.port, link.target)
		);
		const isStillLinked = linksOf(unlinked).some(
			(each) => each.source === link.source && each.target === link.target && each.port !== 'dependency'
		);
		return isStillLinked
			? unlinked
			: oneNode(unlinked, link.target, (node) => withoutLink(node, 'dependencies', link.source));
	}, definition);
}

function reconnected(definition: Definition, link: Link, to: Link): Definition {
	if (link.source === to.source && link.port === to.port && link.port !== 'dependency') {
		const moved = oneNode(definition, link.source, (node) =>
			withoutLink(node, link.port, link.target, to.target)
		);
		return oneNode(moved, link.target, (node) => withoutLink(node, 'dependencies', link.source));
	}
	return connected(disconnected(definition, [link]), to);
}

function inserted(definition: Definition, node: NodeDefinition, link: Link): Definition {
	const added = { ...definition, nodes: [...definition.nodes, node] };
	const way = portsOf(node).find((port) => port.id !== 'onError');
	const onward = way && { source: node.id, port: way.id, target: link.target };
	if (link.port === 'dependency') {
		const unlinked = disconnected(added, [link]);
		const waiting = connected(unlinked, { ...link, target: node.id });
		return onward ? connected(waiting, onward) : waiting;
	}
	const led = oneNode(added, link.source, (each) => withoutLink(each, link.port, link.target, node.id));
	const joined = onward ? oneNode(led, node.id, (each) => withLink(each, onward.port, link.target)) : led;
	return oneNode(joined, link.target, (each) => withoutLink(each, 'dependencies', link.source, node.id));
}

function withoutNode(definition: Definition, id: string): Definition {
	const links = linksOf(definition).filter((link) => link.source === id || link.target === id);
	const into = links.filter((link) => link.target === id && link.source !== id);
	const out = links.filter((link) => link.source === id);
	const onward = out.filter((link) => link.target !== id);
	const isBetween = into.length === 1 && onward.length === 1 && onward[0]?.port === 'next';
	const after = isBetween && onward[0]?.target !== into[0]?.source ? onward[0]?.target : undefined;
	const nodes = definition.nodes
		.filter((node) => node.id !== id)
		.map((node) =>
			retargeted(node, id, after !== undefined ? joinedBy(node, id, into[0], after) : undefined)
		);
	const startsThere = definition['startNode'] === id;
	return withFields({ ...definition, nodes }, startsThere ? { startNode: after } : {});
}

/** What takes the place of a removed node in another: its successor in its predecessor, and the other way round. */
function joinedBy(
	node: NodeDefinition,
	id: string,
	into: Link | undefined,
	after: string
): string | undefined {
	if (node.id === into?.source) return after;
	return dependenciesOf(node).includes(id) ? into?.source : undefined;
}

function pasted(
	definition: Definition,
	nodes: readonly NodeDefinition[],
	notes: readonly Note[],
	offset: Position
): Definition {
	const ids = idsOfCopies(definition, nodes);
	const moved = (position: Position) => ({ x: position.x + offset.x, y: position.y + offset.y });
	let fragment: Definition = { id: definition.id, nodes: [...nodes] };
	for (const node of nodes) fragment = leavingOnly(fragment, node.id, ids);
	// by way of ids that nobody has, so that no copy takes the id of another on the way
	for (const node of nodes) fragment = renamed(fragment, node.id, `${node.id}.copying`);
	for (const [id, to] of ids) fragment = renamed(fragment, `${id}.copying`, to);
	const copies = fragment.nodes.map((node) => {
		const position = positionOf(node);
		return position ? withPosition(node, moved(position)) : node;
	});
	const all = { ...definition, nodes: [...definition.nodes, ...copies] };
	if (notes.length === 0) return all;
	const taken = new Set(notesOf(definition).map((note) => note.id));
	const added = notes.map((note) => {
		const id = freeId(note.id, taken);
		taken.add(id);
		return { ...note, id, position: moved(note.position) };
	});
	return withNotes(all, [...notesOf(definition), ...added]);
}

/** Takes the links of a copied node away that lead to nodes that were not copied. */
function leavingOnly(fragment: Definition, id: string, ids: ReadonlyMap<string, string>): Definition {
	return oneNode(fragment, id, (node) => {
		const named = linksOf({
			id: '',
			nodes: [node, ...everyNameIn(node).map((name) => ({ id: name, type: 'end' }))]
		}).filter((link) => link.source === id || link.target === id);
		const others = new Set(named.flatMap((link) => [link.source, link.target]));
		return [...others]
			.filter((other) => !ids.has(other))
			.reduce((each, other) => retargeted(each, other), node);
	});
}

function everyNameIn(value: unknown): string[] {
	if (typeof value === 'string') return [value];
	if (typeof value !== 'object' || value === null) return [];
	return Object.values(value).flatMap(everyNameIn);
}

function oneNode(
	definition: Definition,
	id: string,
	change: (node: NodeDefinition) => NodeDefinition
): Definition {
	return eachNode(definition, (node) => (node.id === id ? change(node) : node));
}

function eachNode(definition: Definition, change: (node: NodeDefinition) => NodeDefinition): Definition {
	return { ...definition, nodes: definition.nodes.map(change) };
}

function withFields<T extends Record<string, unknown>>(
	object: T,
	fields: Readonly<Record<string, unknown>>
): T {
	const merged: Record<string, unknown> = { ...object, ...fields };
	return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as T;
}
