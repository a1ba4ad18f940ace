/** Errors in words for people. */
import { NoAnswer, Problem } from '#lib/api/problem';
import { m } from '#lib/paraglide/messages';

export interface Described {
	title: string;
	advice: string;
	/** A page that says more. */
	href?: string;
}

/** What went wrong, and what to do. */
export function describe(error: unknown): Described {
	if (error instanceof NoAnswer)
		return { title: m.problem_no_answer(), advice: m.problem_no_answer_advice() };
	if (error instanceof Problem) {
		const fields = error.errors.map((each) => each.message).filter((each) => !error.message.includes(each));
		return {
			title: error.status >= 500 ? m.problem_server() : error.title,
			advice: [error.message, ...fields.slice(0, 3)].filter((each) => each !== error.title).join(' '),
			href: `/errors/${error.code}`
		};
	}
	return {
		title: m.problem_unexpected(),
		advice: error instanceof Error ? error.message : String(error)
	};
}
