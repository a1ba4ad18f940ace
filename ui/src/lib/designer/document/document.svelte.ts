/**
 * The workflow that is being edited: its definition, what of it is selected, what is wrong with it, and what it can be
 * made of. Whatever changes it goes through `apply`, so that everything can be undone and nothing is lost.
 */
import type { Schemas } from '#lib/api/rest';
import type { EdgeMark, NodeMark } from '#lib/graph/view';
import type { Actions } from '../actions/actions.svelte';
import { applied, type Command } from './commands';
import { baseType } from '#lib/graph/definition';
import type { Definition, NodeDefinition } from './definition';
import { History } from './history';
import { placed, type DefinitionProblem, type PlacedProblem } from './problems';

export type Catalogue = Schemas['CatalogueOut'];

/** What is selected. Nothing: the workflow itself is. */
export interface Selection {
	nodes: readonly string[];
	/** Ids of edges (`edgesOf` of the graph). */
	edges: readonly string[];
	notes: readonly string[];
}

/** What a trial says of nodes and edges. */
export interface Marks {
	nodes: Readonly<Record<string, NodeMark>>;
	edges: Readonly<Record<string, EdgeMark>>;
}

const NOTHING: Selection = { nodes: [], edges: [], notes: [] };

export class DesignerDocument {
	#definition = $state.raw<Definition>({ id: '', nodes: [] });
	#selection = $state.raw<Selection>(NOTHING);
	#found = $state.raw<{ problems: readonly DefinitionProblem[]; definition: Definition }>();
	#history = new History();
	#canUndo = $state(false);
	#canRedo = $state(false);

	/** What it can be made of: node types, actions, triggers, dialects. */
	catalogue = $state.raw<Catalogue>();
	/** The actions of integrations, which are too many for the catalogue. */
	actions = $state.raw<Actions>();
	/** May be changed by the person who looks at it. */
	isReadonly = $state(false);
	/** Counts the changes: whoever saves looks at it. */
	revision = $state(0);
	/** How nodes and edges stand in a trial, by their ids; null where none is shown. */
	marks = $state.raw<Marks | null>(null);
	/** A field that the panel shall show and focus: a JSON pointer within the selected node or the workflow. */
	wantedField = $state.raw<{ pointer: string } | null>(null);

	/** The nodes by id. */
	readonly nodes = $derived(new Map(this.#definition.nodes.map((node) => [node.id, node])));
	/** What is wrong, with the nodes that have it. Of the definition that was checked last. */
	readonly problems = $derived<readonly PlacedProblem[]>(
		this.#found ? placed(this.#found.problems, this.#found.definition) : []
	);
	/** The problems by node; those of the workflow itself under an empty id. */
	readonly problemsByNode = $derived(Map.groupBy(this.problems, (problem) => problem.nodeId ?? ''));
	/** The node that is selected, where it is one. */
	readonly selectedNode = $derived(
		this.#selection.nodes.length === 1 ? this.nodes.get(this.#selection.nodes[0] ?? '') : undefined
	);

	constructor(definition: Definition) {
		this.#definition = definition;
	}

	get definition(): Definition {
		return this.#definition;
	}

	get selection(): Selection {
		return this.#selection;
	}

	get canUndo(): boolean {
		return this.#canUndo;
	}

	get canRedo(): boolean {
		return this.#canRedo;
	}

	/** Whether the problems that are shown are those of the definition as it stands now. */
	get isChecked(): boolean {
		return this.#found?.definition === this.#definition;
	}

	/**
	 * Do something.
	 *
	 * @param command what.
	 * @param options.merge commands with the same key, shortly after one another, are undone together.
	 */
	apply(command: Command, options: { merge?: string } = {}): void {
		if (this.isReadonly) return;
		const before = this.#definition;
		const after = applied(before, command);
		if (after === before) return;
		this.#history.remember(before, options.merge, performance.now());
		if (command.type === 'renameNode') this.#follow(command.id, command.to);
		this.#take(after);
	}

	/** Set fields of a node; undefined takes one away. What is typed into one field is undone at once. */
	setNode(id: string, fields: Readonly<Record<string, unknown>>): void {
		this.apply({ type: 'setNode', id, fields }, { merge: `${id}:${Object.keys(fields).join()}` });
	}

	/** Set fields of the workflow itself. */
	setWorkflow(fields: Readonly<Record<string, unknown>>): void {
		this.apply({ type: 'setWorkflow', fields }, { merge: `:${Object.keys(fields).join()}` });
	}

	/** Give a node another id; links and expressions follow. */
	renameNode(id: string, to: string): void {
		this.apply({ type: 'renameNode', id, to });
	}

	undo(): void {
		const before = this.isReadonly ? undefined : this.#history.undo(this.#definition);
		if (before) this.#take(before);
	}

	redo(): void {
		const after = this.isReadonly ? undefined : this.#history.redo(this.#definition);
		if (after) this.#take(after);
	}

	select(selection: Partial<Selection>): void {
		const wanted = { ...NOTHING, ...selection };
		if (isSame(wanted, this.#selection)) return;
		this.#selection = wanted;
	}

	/** Begin anew with another definition: what was done before cannot be undone. */
	open(definition: Definition): void {
		this.#history = new History();
		this.#selection = NOTHING;
		this.#found = undefined;
		this.#definition = definition;
		this.#canUndo = false;
		this.#canRedo = false;
	}

	/** Tell what is wrong with a definition. */
	tell(problems: readonly DefinitionProblem[], definition: Definition): void {
		this.#found = { problems, definition };
	}

	/** Go to where a problem is: select its node, and let the panel show the field. */
	show(problem: PlacedProblem): void {
		this.select({ nodes: problem.nodeId === undefined ? [] : [problem.nodeId] });
		this.wantedField = { pointer: problem.field };
	}

	/** The catalogue's entry for a node's type. */
	typeOf(node: NodeDefinition): Catalogue['nodeTypes'][number] | undefined {
		const kind = baseType(node.type);
		return this.catalogue?.nodeTypes.find((each) => each.type === kind);
	}

	#take(definition: Definition): void {
		this.#definition = definition;
		this.#canUndo = this.#history.canUndo;
		this.#canRedo = this.#history.canRedo;
		this.revision += 1;
		this.#selection = {
			...this.#selection,
			nodes: this.#selection.nodes.filter((id) => this.nodes.has(id))
		};
	}

	#follow(id: string, to: string): void {
		this.#selection = {
			...this.#selection,
			nodes: this.#selection.nodes.map((each) => (each === id ? to : each))
		};
	}
}

function isSame(one: Selection, other: Selection): boolean {
	return (['nodes', 'edges', 'notes'] as const).every(
		(each) =>
			one[each].length === other[each].length && one[each].every((id, index) => id === other[each][index])
	);
}
