/** A trial of the definition that is edited: what it is set up with, what came of it, and the moment that is shown. */
import { PersistedState } from 'runed';
import { untrack } from 'svelte';
import { Problem } from '#lib/api/problem';
import { api, ask, type Schemas } from '#lib/api/rest';
import type { Definition } from '#lib/designer/document/definition';
import type { DesignerDocument } from '#lib/designer/document/document.svelte';
import { edgeMarks, nodeMarks } from '#lib/executions/marks';
import { beginning, fold, nodeStatuses, type RunState } from '#lib/executions/replay';
import { leastExample } from '#lib/forms/schema';
import { bodyOf, EMPTY, type Setup } from './mocks';

export type Outcome = Schemas['TrialOut'];

/** Milliseconds for which an event is shown, by speed. */
export const PACES = { slow: 1200, normal: 500, fast: 120 } as const;
export type Pace = keyof typeof PACES;

export class Trial {
	readonly #setup: PersistedState<Setup>;
	outcome = $state.raw<Outcome | null>(null);
	failure = $state.raw<unknown>(null);
	isRunning = $state(false);
	isPlaying = $state(false);
	pace = $state<Pace>('normal');
	/** How many of the events have happened at the moment that is shown. */
	at = $state(0);
	/** The definition that was tried: what is edited since then is not in the outcome. */
	#tried = $state.raw<Definition | null>(null);
	#input = $state.raw<Record<string, unknown>>({});

	readonly events = $derived(this.outcome?.events ?? []);
	readonly event = $derived(this.events[this.at - 1]);
	readonly state = $derived<RunState>(fold(beginning(this.#input), this.events.slice(0, this.at)));
	readonly isStale = $derived.by(() => this.#tried !== null && this.#tried !== this.document.definition);

	constructor(readonly document: DesignerDocument) {
		const { definition } = document;
		const input = leastExample(definition['input'] as never) as Record<string, unknown>;
		this.#setup = new PersistedState<Setup>(`weft.trial.${definition.id}`, { ...EMPTY, input });
	}

	get setup(): Setup {
		return this.#setup.current;
	}

	set<Key extends keyof Setup>(key: Key, value: Setup[Key]): void {
		this.#setup.current = { ...$state.snapshot(this.#setup.current), [key]: value } as Setup;
	}

	/** Stand in for a step, ask for an answer, or send an event; undefined: no more. */
	stand(kind: 'mocks' | 'answers' | 'events', name: string, value: unknown): void {
		const { [name]: _, ...others } = $state.snapshot(this.setup[kind]) as Record<string, unknown>;
		this.set(kind, (value === undefined ? others : { ...others, [name]: value }) as never);
	}

	async run(): Promise<void> {
		const { definition } = this.document;
		const setup = $state.snapshot(this.setup) as Setup;
		this.isRunning = true;
		this.isPlaying = false;
		this.failure = null;
		try {
			const outcome = await ask(
				api.POST('/api/v1/workflows/trial', { body: bodyOf(definition, setup) as never })
			);
			this.#tried = definition;
			this.#input = setup.input;
			this.outcome = outcome;
			this.at = 0;
			this.isPlaying = outcome.events.length > 0;
		} catch (error) {
			this.outcome = null;
			this.failure = error;
			if (error instanceof Problem && error.code === 'invalid_definition') {
				const problems = error.errors
					.filter((each) => each.pointer !== undefined)
					.map((each) => ({
						pointer: each.pointer!.replace(/^\/definition/, ''),
						message: each.message,
						hint: each.hint ?? null,
						code: each.code ?? error.code
					}));
				this.document.tell(problems, definition);
			}
		} finally {
			this.isRunning = false;
		}
	}

	show(at: number): void {
		this.at = Math.min(Math.max(at, 0), this.events.length);
	}

	play(): void {
		if (this.at >= this.events.length) this.at = 0;
		this.isPlaying = !this.isPlaying;
	}

	/** The next moment while it plays. */
	tick(): void {
		if (this.at >= this.events.length) this.isPlaying = false;
		else this.at += 1;
	}

	/** Show on the canvas how things stand at this moment. */
	mark(): void {
		const { definition } = this.document;
		const { state } = this;
		const isShown = this.outcome !== null;
		untrack(() => {
			this.document.marks = isShown
				? { nodes: nodeMarks(nodeStatuses(state)), edges: edgeMarks(definition, state) }
				: null;
		});
	}

	close(): void {
		this.document.marks = null;
	}
}
