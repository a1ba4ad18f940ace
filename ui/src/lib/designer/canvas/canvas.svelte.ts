/** What can be done on the canvas, by mouse, keyboard or menu. */
import { layOut } from '#lib/graph/layout';
import { NODE_WIDTH, nodeHeight, sidePorts } from '#lib/graph/size';
import { m } from '#lib/paraglide/messages';
import { toast } from '#lib/ui/toast';
import { idsOfCopies, predecessors, type Command } from '../document/commands';
import {
	freeId,
	nameOf,
	notesOf,
	positionOf,
	type NodeDefinition,
	type Note,
	type Position
} from '../document/definition';
import type { DesignerDocument } from '../document/document.svelte';
import { dependenciesOf, linkOf, type Link } from '../document/links';
import { aligned, neighbour, type Alignment, type Box, type Direction } from './arrange';
import { asText, fromText, type Fragment } from './clipboard';
import { shownEdges } from './flow';
import { nodeFrom, type PaletteItem } from './palette';
import { freePlace, GRID, isPlaced, placesOf, roomBetween, STEP_X, type Places } from './places';
import { Shelf } from './shelf';

/** Where a node that is chosen next goes. */
export interface Adding {
	/** It is led to from here. */
	from?: { source: string; port: string };
	/** It goes into the middle of this link. */
	link?: Link;
	at?: Position;
}

/** Of the part that draws: where to look, and what is in sight. */
export interface View {
	/** The middle of what is in sight. */
	center: () => Position;
	/** Shows nodes, all where none are given. */
	fit: (nodes?: readonly string[]) => void;
	/** Gives a node the focus, and brings it into sight unless `staysThere`. */
	focus: (node: string, staysThere?: boolean) => void;
	zoom: (by: 'in' | 'out') => void;
}

export type Question = 'add' | 'connect' | 'find' | 'shortcuts';

const PASTE_OFFSET = 40;
const NOTE = { width: 240, height: 120 };

export class Canvas {
	/** What the canvas asks for at the moment. */
	question = $state<Question | null>(null);
	adding = $state.raw<Adding>({});
	/** The edge that the pointer is over, and the one that what is dragged would go into. */
	hovered = $state<string | null>(null);
	dropTarget = $state<string | null>(null);
	/** Said to those who do not see what has changed. */
	said = $state('');
	view: View | undefined;

	#found = $state.raw<Places>(new Map());
	#pasted = { text: '', times: 0 };

	readonly places: Places = $derived.by(() => placesOf(this.document.definition, this.#found));
	readonly notes = $derived.by(() => notesOf(this.document.definition));
	readonly edges = $derived.by(() => shownEdges(this.document.definition));

	/** What can be put on it. */
	readonly shelf: Shelf;

	constructor(readonly document: DesignerDocument) {
		this.shelf = new Shelf(document);
	}

	/** Lay out what nobody has placed yet. */
	async place(): Promise<void> {
		const { definition } = this.document;
		if (!isPlaced(definition)) this.#found = (await layOut(definition)).places;
	}

	/** Put a new node on the canvas, and select it. */
	add(item: PaletteItem, wanted: Adding = {}): void {
		const { document } = this;
		const node = nodeFrom(item, new Set(document.nodes.keys()));
		if (wanted.link) {
			const { place, moved } = roomBetween(
				document.definition,
				this.places,
				wanted.link.source,
				wanted.link.target
			);
			const at = wanted.at ?? place;
			this.#doPlaced(
				{ type: 'insertNode', node, link: wanted.link },
				{ ...moved, [node.id]: freePlace(new Map([...this.places].filter(([id]) => !moved[id])), at) }
			);
		} else {
			const from = wanted.from ?? (wanted.at ? undefined : this.#wayOn(node));
			const beside = from && this.places.get(from.source);
			const at = wanted.at ?? (beside ? { x: beside.x + STEP_X, y: beside.y } : this.#middle());
			this.#doPlaced(
				{ type: 'addNode', node, ...(from && { from }) },
				{ [node.id]: freePlace(this.places, at) }
			);
		}
		this.question = null;
		document.select({ nodes: [node.id] });
		this.said = m.designer_canvas_said_added({ name: nameOf(node) });
		this.view?.focus(node.id, wanted.at !== undefined);
	}

	/** Ask what to add. */
	askToAdd(adding: Adding = {}): void {
		if (this.document.isReadonly) return;
		const [edge] = this.document.selection.edges;
		const link = edge === undefined ? undefined : this.link(edge);
		this.adding = adding.from || adding.link || adding.at || !link ? adding : { link };
		this.question = 'add';
	}

	link(edge: string): Link | undefined {
		const found = this.edges.find((each) => each.id === edge);
		return found && linkOf(found);
	}

	connect(link: Link): void {
		if (link.source === link.target && link.port === 'dependency') return;
		this.#do({ type: 'connect', link });
		this.said = m.designer_canvas_said_connected({
			from: this.#name(link.source),
			to: this.#name(link.target)
		});
	}

	reconnect(edge: string, to: Link): void {
		const link = this.link(edge);
		if (link) this.#do({ type: 'reconnect', link, to });
	}

	/** Puts a node that stands alone into the middle of a link. */
	splice(node: string, edge: string): void {
		const link = this.link(edge);
		if (!link || this.edges.some((each) => each.source === node || each.target === node)) return;
		const port = sidePorts(this.document.nodes.get(node)!)[0]?.id;
		const commands: Command[] = [
			{ type: 'reconnect', link, to: { ...link, target: node } },
			...(port === undefined
				? []
				: [{ type: 'connect' as const, link: { source: node, port, target: link.target } }])
		];
		this.#do({ type: 'several', commands });
	}

	/** Take away what is selected. */
	remove(): void {
		const { selection, definition } = this.document;
		const links = selection.edges.flatMap((edge) => this.link(edge) ?? []);
		const next = selection.nodes.length === 1 ? predecessors(definition, selection.nodes[0]!)[0] : undefined;
		const commands: Command[] = [];
		if (links.length > 0) commands.push({ type: 'disconnect', links });
		if (selection.nodes.length > 0) commands.push({ type: 'removeNodes', ids: selection.nodes });
		if (selection.notes.length > 0) {
			const notes = this.notes.filter((note) => !selection.notes.includes(note.id));
			commands.push({ type: 'setNotes', notes });
		}
		if (commands.length === 0) return;
		this.#doPlaced({ type: 'several', commands }, {});
		this.said = m.designer_canvas_said_removed({
			count: selection.nodes.length + links.length + selection.notes.length
		});
		this.document.select(next !== undefined && this.document.nodes.has(next) ? { nodes: [next] } : {});
		if (next !== undefined && links.length === 0) this.view?.focus(next);
	}

	/** The selected nodes and comments as text. */
	copied(): string | undefined {
		const fragment = this.#selected();
		return fragment.nodes.length + fragment.notes.length > 0 ? asText(fragment) : undefined;
	}

	/** Put what a text holds on the canvas. */
	paste(text: string, at?: Position): void {
		const fragment = fromText(text);
		if (!fragment) {
			toast.info(m.designer_canvas_nothing_to_paste());
			return;
		}
		this.#pasted = { text, times: text === this.#pasted.text ? this.#pasted.times + 1 : 1 };
		const { nodes, notes } = fragment;
		const isOwn = nodes.some((node) => this.document.nodes.has(node.id));
		const shift = isOwn ? PASTE_OFFSET * this.#pasted.times : 0;
		const middle = at ?? this.#middle();
		const corner = {
			x: Math.min(...boxesIn(fragment).map((box) => box.x)),
			y: Math.min(...boxesIn(fragment).map((box) => box.y))
		};
		const offset =
			isOwn || !Number.isFinite(corner.x)
				? { x: shift, y: shift }
				: { x: middle.x - corner.x, y: middle.y - corner.y };
		this.#addCopies(fragment, offset);
		this.said = m.designer_canvas_said_pasted({ count: nodes.length + notes.length });
	}

	duplicate(): void {
		const fragment = this.#selected();
		if (fragment.nodes.length + fragment.notes.length > 0)
			this.#addCopies(fragment, { x: PASTE_OFFSET, y: PASTE_OFFSET * 2 });
	}

	/** Nodes and comments have been dragged. */
	moved(nodes: Readonly<Record<string, Position>>, notes: Readonly<Record<string, Position>>): void {
		const commands: Command[] = [];
		if (Object.keys(notes).length > 0) {
			const all = this.notes.map((note) => ({ ...note, position: notes[note.id] ?? note.position }));
			commands.push({ type: 'setNotes', notes: all });
		}
		if (Object.keys(nodes).length + commands.length > 0) this.#doPlaced({ type: 'several', commands }, nodes);
	}

	/** Move what is selected, in steps of the grid. */
	nudge(direction: Direction, steps: number): void {
		const by = steps * GRID;
		const x = direction === 'left' ? -by : direction === 'right' ? by : 0;
		const y = direction === 'up' ? -by : direction === 'down' ? by : 0;
		const places = Object.fromEntries(
			this.document.selection.nodes.map((id) => {
				const place = this.places.get(id) ?? { x: 0, y: 0 };
				return [id, { x: place.x + x, y: place.y + y }];
			})
		);
		if (Object.keys(places).length === 0) return;
		this.#doPlaced({ type: 'several', commands: [] }, places, `nudge:${Object.keys(places).join()}`);
	}

	/** Go to the next node in a direction. */
	walk(direction: Direction, isExtending: boolean): void {
		const { selection, definition } = this.document;
		const boxes = definition.nodes.map((node) => this.#box(node));
		const current = boxes.find((box) => box.id === selection.nodes.at(-1));
		const next = current ? neighbour(boxes, current, direction) : boxes[0];
		if (!next) return;
		const others = isExtending ? selection.nodes.filter((id) => id !== next.id) : [];
		this.document.select({ nodes: [...others, next.id] });
		this.view?.focus(next.id);
	}

	/** Select the next way out of the selected node, or of the node whose way is selected. */
	walkEdges(): void {
		const { selection } = this.document;
		const [selected] = selection.edges;
		const node = selection.nodes.at(-1) ?? (selected && this.link(selected)?.source);
		const ways = this.edges.filter((edge) => edge.source === node);
		if (ways.length === 0) return;
		const at = ways.findIndex((edge) => edge.id === selected);
		const way = ways[at + 1];
		if (!way && node) {
			this.document.select({ nodes: [node] });
			return;
		}
		if (!way) return;
		this.document.select({ edges: [way.id] });
		this.said = m.designer_canvas_edge({ from: this.#name(way.source), to: this.#name(way.target) });
	}

	align(alignment: Alignment): void {
		const boxes = this.document.selection.nodes.map((id) => this.#box(this.document.nodes.get(id)!));
		if (boxes.length > 1) this.#doPlaced({ type: 'several', commands: [] }, aligned(boxes, alignment));
	}

	selectAll(): void {
		this.document.select({
			nodes: [...this.document.nodes.keys()],
			notes: this.notes.map((note) => note.id)
		});
	}

	/** Lay everything out anew. */
	async layOut(): Promise<void> {
		const { places } = await layOut(this.document.definition);
		this.#doPlaced({ type: 'several', commands: [] }, Object.fromEntries(places));
		this.said = m.designer_canvas_said_laid_out();
		requestAnimationFrame(() => this.view?.fit());
	}

	addNote(): void {
		if (this.document.isReadonly) return;
		const id = freeId('note', new Set(this.notes.map((note) => note.id)));
		const position = this.#middle();
		this.#do({ type: 'setNotes', notes: [...this.notes, { id, text: '', position, ...NOTE }] });
		this.document.select({ notes: [id] });
	}

	setNote(id: string, fields: Partial<Note>): void {
		const notes = this.notes.map((note) => (note.id === id ? { ...note, ...fields } : note));
		this.document.apply({ type: 'setNotes', notes }, { merge: `note:${id}:${Object.keys(fields).join()}` });
	}

	/** Whether the selected node waits for all that lead to it; undefined where the question does not arise. */
	get waitsForAll(): boolean | undefined {
		const node = this.document.selectedNode;
		if (!node || node.type === 'start') return undefined;
		if (dependenciesOf(node).length > 0) return true;
		return predecessors(this.document.definition, node.id).length > 1 ? false : undefined;
	}

	setWaitsForAll(wait: boolean): void {
		const node = this.document.selectedNode;
		if (node) this.#do({ type: 'waitForAll', id: node.id, wait });
	}

	/** The way on from the selection: where a new node goes where nobody says. */
	#wayOn(node: NodeDefinition): Adding['from'] {
		const selected = this.document.selectedNode;
		if (!selected || node.type === 'start') return undefined;
		const port = firstFree(selected, this.edges);
		return port === undefined ? undefined : { source: selected.id, port };
	}

	#middle(): Position {
		const middle = this.view?.center() ?? { x: 0, y: 0 };
		return { x: middle.x - NODE_WIDTH / 2, y: middle.y - 26 };
	}

	#addCopies(fragment: Fragment, offset: Position): void {
		const { document } = this;
		const ids = [...idsOfCopies(document.definition, fragment.nodes).values()];
		const known = new Set(this.notes.map((note) => note.id));
		this.#doPlaced({ type: 'paste', ...fragment, offset }, {});
		const notes = this.notes.filter((note) => !known.has(note.id)).map((note) => note.id);
		document.select({ nodes: ids, notes });
		const last = ids.at(-1);
		if (last !== undefined) this.view?.focus(last);
	}

	#selected(): Fragment {
		const { selection, definition } = this.document;
		const nodes = definition.nodes
			.filter((node) => selection.nodes.includes(node.id))
			.map((node) => ({ ...node, ui: { ...(node['ui'] as object), position: this.places.get(node.id) } }));
		return { nodes, notes: this.notes.filter((note) => selection.notes.includes(note.id)) };
	}

	#box(node: NodeDefinition): Box {
		const place = this.places.get(node.id) ?? { x: 0, y: 0 };
		return { id: node.id, ...place, width: NODE_WIDTH, height: nodeHeight(node) };
	}

	#name(id: string): string {
		const node = this.document.nodes.get(id);
		return node ? nameOf(node) : id;
	}

	#do(command: Command): void {
		this.document.apply(command);
	}

	/** Does something, and writes down where all nodes stand: those that were laid out stay where they are seen. */
	#doPlaced(command: Command, places: Readonly<Record<string, Position>>, merge?: string): void {
		const all = { ...Object.fromEntries(this.places), ...places };
		const { nodes } = this.document;
		const isUnplaced = (id: string) => {
			const node = nodes.get(id);
			return node !== undefined && positionOf(node) === undefined;
		};
		const wanted = Object.fromEntries(Object.entries(all).filter(([id]) => id in places || isUnplaced(id)));
		this.document.apply(
			{ type: 'several', commands: [command, { type: 'moveNodes', positions: wanted }] },
			merge === undefined ? {} : { merge }
		);
	}
}

/** The first way out that leads nowhere yet; else the one that may lead to several. */
function firstFree(
	node: NodeDefinition,
	edges: readonly { source: string; port: string }[]
): string | undefined {
	const used = new Set(edges.filter((edge) => edge.source === node.id).map((edge) => edge.port));
	const ports = sidePorts(node);
	return (ports.find((port) => !used.has(port.id)) ?? ports.find((port) => port.id === 'next'))?.id;
}

function boxesIn(fragment: Fragment): Position[] {
	return [
		...fragment.nodes.flatMap((node) => {
			const ui = node['ui'] as { position?: Position } | undefined;
			return ui?.position ? [ui.position] : [];
		}),
		...fragment.notes.map((note) => note.position)
	];
}
