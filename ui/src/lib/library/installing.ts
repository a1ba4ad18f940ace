/** What is entered to install a template, and which part of it a problem is about. */
import type { FieldProblem } from '#lib/api/problem';
import type { Schemas } from '#lib/api/rest';
import type { TemplateDetail } from './words';

export type Step = 'name' | 'connections' | 'variables';
export type WantedVariable = TemplateDetail['variables'][number];

/** The steps that a template takes. */
export function stepsOf(template: Pick<TemplateDetail, 'connections' | 'variables'>): Step[] {
	return [
		'name',
		...(template.connections.length > 0 ? (['connections'] as const) : []),
		...(template.variables.length > 0 ? (['variables'] as const) : [])
	];
}

/** The step that a problem is about. */
export function stepOf(problem: FieldProblem): Step {
	const first = problem.pointer?.split('/')[1];
	return first === 'connections' || first === 'variables' ? first : 'name';
}

/** What is wrong with an entry, by the names of the group and of the entry. */
export function problemAt(
	problems: readonly FieldProblem[],
	group: string,
	name?: string
): string | undefined {
	const pointer =
		name === undefined ? `/${group}` : `/${group}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
	const found = problems.find((each) => each.pointer === pointer);
	return found && [found.message, found.hint].filter(Boolean).join('. ');
}

/** A value as it is typed. */
export function typed(value: unknown): string {
	if (value === null || value === undefined) return '';
	return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Why what was typed is no value of a type; undefined where it is one. */
export type Unreadable = 'number' | 'json';

/**
 * The value that was typed.
 *
 * @returns the value, undefined where nothing was entered; or why it is none.
 */
export function read(
	type: WantedVariable['type'],
	text: string
): { value?: unknown; unreadable?: Unreadable } {
	if (text === '') return {};
	if (type === 'NUMBER') {
		const number = Number(text.trim());
		return text.trim() === '' || Number.isNaN(number) ? { unreadable: 'number' } : { value: number };
	}
	if (type === 'BOOLEAN') return { value: text === 'true' };
	if (type === 'JSON') {
		try {
			return { value: JSON.parse(text) as unknown };
		} catch {
			return { unreadable: 'json' };
		}
	}
	return { value: text };
}

/** What is sent. */
export function bodyOf(
	name: string,
	workflowId: string,
	connections: Readonly<Record<string, string>>,
	variables: Readonly<Record<string, unknown>>
): Schemas['InstallTemplateBody'] {
	const chosen = Object.entries(connections).filter(([, connection]) => connection !== '');
	return {
		...(name.trim() && { name: name.trim() }),
		...(workflowId.trim() && { workflowId: workflowId.trim() }),
		connections: Object.fromEntries(chosen),
		variables: { ...variables }
	};
}
