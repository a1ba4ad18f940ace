/** What the server says about a policy as it is typed, for the editor to underline. */
import { linter, type Diagnostic } from '@codemirror/lint';
import type { Extension } from '@codemirror/state';
import { api, ask, idempotent, type Schemas } from '#lib/api/rest';

export type PolicyProblem = Schemas['PolicyProblemOut'];

const WAIT = 350;

/** Where a problem stands in a text: from its place to the end of the word, or the whole where it has none. */
export function place(text: string, problem: Pick<PolicyProblem, 'line' | 'column'>): [number, number] {
	if (problem.line == null) return [0, text.length];
	const lines = text.split('\n');
	const line = Math.min(problem.line, lines.length) - 1;
	const start = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0);
	const from = Math.min(start + (problem.column ?? 1) - 1, text.length);
	const word = /^[\w:]+/.exec(text.slice(from))?.[0].length ?? 1;
	return [from, Math.min(from + word, text.length)];
}

/**
 * Checks while somebody types.
 *
 * @param onchecked is told what is wrong, and that nothing is.
 */
export function policyLinter(onchecked: (problems: PolicyProblem[]) => void): Extension {
	return linter(
		async (view): Promise<Diagnostic[]> => {
			const source = view.state.doc.toString();
			if (source.trim() === '') return [];
			const { problems } = await ask(
				api.POST('/api/v1/policies/validate', { params: { header: idempotent() }, body: { source } })
			);
			onchecked(problems);
			return problems.map((each) => {
				const [from, to] = place(source, each);
				return {
					from,
					to,
					severity: 'error' as const,
					message: each.hint ? `${each.message} ${each.hint}` : each.message
				};
			});
		},
		{ delay: WAIT }
	);
}
