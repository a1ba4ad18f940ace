/** What makes an editor one for expressions: colours, completion, help on hover, and what is wrong as one types. */
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { linter, type Diagnostic } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import { hoverTooltip, type EditorView } from '@codemirror/view';
import { api, ask, type Schemas } from '#lib/api/rest';
import { cel } from './cel';
import { offers, resolve, type Scope, type Syntax } from './completion';

/** A place in a definition. */
export interface Place {
	definition: object;
	/** JSON pointer. */
	pointer: string;
}

type Checked = Schemas['CheckedOut'];

interface Options {
	syntax: Syntax;
	place: () => Place;
	onchecked?: (checked: Checked | null) => void;
}

/** Milliseconds without a key before an expression is checked. */
const PAUSE = 350;

const scopes = new WeakMap<object, Map<string, Promise<Scope>>>();

/** What is in scope at a place; asked for once per definition and place. */
function scopeOf({ definition, pointer }: Place): Promise<Scope> {
	const known = scopes.get(definition) ?? new Map<string, Promise<Scope>>();
	scopes.set(definition, known);
	let scope = known.get(pointer);
	if (scope === undefined) {
		scope = ask(
			api.POST('/api/v1/workflows/scope', {
				body: { definition: definition as Record<string, never>, pointer }
			})
		);
		known.set(pointer, scope);
		// what failed is asked for again
		scope.catch(() => known.delete(pointer));
	}
	return scope;
}

export function expressionExtensions({ syntax, place, onchecked }: Options): Extension[] {
	return [
		cel(syntax),
		EditorState.languageData.of(() => [{ autocomplete: complete }]),
		hoverTooltip(help),
		linter(check, { delay: PAUSE })
	];

	async function complete(context: CompletionContext): Promise<CompletionResult | null> {
		const word = context.matchBefore(/[\w.$[\]{-]+$/);
		if (!word && !context.explicit) return null;
		const scope = await scopeOf(place()).catch(() => null);
		if (scope === null || context.aborted) return null;
		const found = offers(scope, context.state.doc.toString(), context.pos, syntax);
		if (found === null || found.offers.length === 0) return null;
		return {
			from: found.from,
			validFor: /^[\w-]*$/,
			options: found.offers.map((each): Completion => ({
				label: each.label,
				detail: each.detail,
				info: each.description || undefined,
				apply: each.insert,
				type: each.kind === 'name' ? 'variable' : 'function',
				boost: each.kind === 'name' ? 1 : 0
			}))
		};
	}

	async function help(view: EditorView, position: number) {
		const text = view.state.doc.toString();
		const start = position - (/[\w.-]*$/.exec(text.slice(0, position))?.[0].length ?? 0);
		const end = position + (/^[\w]*/.exec(text.slice(position))?.[0].length ?? 0);
		const path = text.slice(start, end);
		if (path === '') return null;
		const scope = await scopeOf(place()).catch(() => null);
		const last = path.slice(path.lastIndexOf('.') + 1);
		const name = scope && resolve(scope, path);
		const called = scope?.functions.find((each) => each.name === last && text[end] === '(');
		const shown = called
			? [called.signature, called.description, called.example]
			: name && [`${path}: ${name.type}`, name.description, ''];
		if (!shown) return null;
		return { pos: start, end, above: true, create: () => ({ dom: card(shown) }) };
	}

	async function check(view: EditorView): Promise<Diagnostic[]> {
		const expression = view.state.doc.toString();
		if (expression.trim() === '' || (syntax === 'template' && !expression.includes('${'))) {
			onchecked?.(null);
			return [];
		}
		const { definition, pointer } = place();
		const checked = await ask(
			api.POST('/api/v1/expressions/check', {
				body: { definition: definition as Record<string, never>, pointer, expression }
			})
		).catch(() => null);
		if (view.state.doc.toString() !== expression) return [];
		onchecked?.(checked);
		return (checked?.problems ?? []).map((problem) => ({
			...range(view, problem.line, problem.column),
			severity: problem.severity,
			message: problem.hint ? `${problem.message}: ${problem.hint}` : problem.message
		}));
	}
}

/** From where to where a problem is shown: the word at its place. */
function range(view: EditorView, line: number | null, column: number | null): { from: number; to: number } {
	const { doc } = view.state;
	if (line === null || line > doc.lines) return { from: 0, to: doc.length };
	const from = Math.min(doc.line(line).from + (column ?? 1) - 1, doc.length);
	const word = /^[\w-]+/.exec(doc.sliceString(from, doc.line(line).to))?.[0].length ?? 1;
	const to = Math.min(from + word, doc.length);
	return from === to ? { from: Math.max(0, from - 1), to } : { from, to };
}

function card(lines: string[]): HTMLElement {
	const dom = document.createElement('div');
	dom.className = 'max-w-md px-3 py-2 text-xs';
	lines.forEach((line, index) => {
		if (line === '') return;
		const part = dom.appendChild(document.createElement('p'));
		part.className = index === 1 ? 'text-soft' : 'font-mono';
		part.textContent = line;
	});
	return dom;
}
