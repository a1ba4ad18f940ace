/** Which problem belongs to which node. */
import type { Schemas } from '#lib/api/rest';
import type { Definition } from './definition';

export type DefinitionProblem = Schemas['WorkflowsProblemOut'];

/** A problem, with where it is. */
export interface PlacedProblem extends DefinitionProblem {
	/** The node that has it; none where it is the workflow's. */
	nodeId?: string;
	/** The JSON pointer within the node, or within the definition: `/retry/maxAttempts`. */
	field: string;
}

/** Problems with the nodes that have them. */
export function placed(problems: readonly DefinitionProblem[], definition: Definition): PlacedProblem[] {
	return problems.map((problem) => {
		const match = /^\/nodes\/(\d+)(\/.*)?$/.exec(problem.pointer);
		const nodeId = match ? definition.nodes[Number(match[1])]?.id : undefined;
		return nodeId === undefined
			? { ...problem, field: problem.pointer }
			: { ...problem, nodeId, field: match?.[2] ?? '' };
	});
}
