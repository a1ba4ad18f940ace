/** What stands in for the world in a trial: for each step that would reach out of it. */
import type { Schemas } from '#lib/api/rest';
import {
	asList,
	baseType,
	isObject,
	isOfPlugin,
	type DefinitionJson,
	type NodeJson
} from '#lib/graph/definition';

export type MockBody = Schemas['MockBody'];
export type AnswerBody = Schemas['AnswerBody'];
export type TrialEvent = Schemas['TrialEventBody'];

/** What a person has set up for trials of a workflow. */
export interface Setup {
	input: Record<string, unknown>;
	/** By node id. */
	mocks: Record<string, MockBody>;
	/** By node id. */
	answers: Record<string, AnswerBody>;
	/** By the name of the event. */
	events: Record<string, { payload: unknown }>;
}

export const EMPTY: Setup = { input: {}, mocks: {}, answers: {}, events: {} };

const OUTSIDE = new Set(['action', 'http', 'notification', 'subworkflow']);

/** The steps that call something outside. */
export function callers(definition: DefinitionJson): NodeJson[] {
	return definition.nodes.filter((node) => OUTSIDE.has(baseType(node.type)) || isOfPlugin(node.type));
}

/** The steps that ask people. */
export function tasks(definition: DefinitionJson): NodeJson[] {
	return definition.nodes.filter((node) => baseType(node.type) === 'human-task');
}

/** The names of events that steps wait for; those that are computed are not known before. */
export function awaited(definition: DefinitionJson): string[] {
	const names = definition.nodes
		.filter((node) => baseType(node.type) === 'wait')
		.flatMap((node) => [
			node['event'],
			...asList(node['firstOf']).map((each) => isObject(each) && each['event'])
		])
		.filter((name): name is string => typeof name === 'string' && name !== '' && !name.includes('${'));
	return [...new Set(names)];
}

/** The outcomes that a task can have. */
export function outcomesOf(node: NodeJson): string[] {
	const named = isObject(node['outcomes']) ? Object.keys(node['outcomes']) : [];
	const usual = node.type === 'approval' ? ['approved', 'rejected'] : [];
	return [...new Set([...usual, ...named])];
}

/** The body of a trial. What belongs to nodes that are gone is left out. */
export function bodyOf(definition: DefinitionJson, setup: Setup) {
	const ids = new Set(definition.nodes.map((node) => node.id));
	const names = awaited(definition);
	const ofNodes = <Each>(all: Record<string, Each>) =>
		Object.fromEntries(Object.entries(all).filter(([id]) => ids.has(id)));
	return {
		definition: definition as unknown as Record<string, never>,
		input: setup.input as Record<string, never>,
		mocks: ofNodes(setup.mocks),
		answers: ofNodes(setup.answers),
		signals: [],
		events: Object.entries(setup.events)
			.filter(([name]) => names.includes(name))
			.map(([name, { payload }]) => ({ name, payload })),
		maxSteps: 1000
	};
}
