import { describe, expect, it } from 'vitest';
import type { LogEvent } from './log';
import { beginning, fold, isOpen, nodeStatuses } from './replay';
// logs of executions of the examples and of one definition with every kind of node, as a server gave them, each with
// what the server said of the execution at that moment
import recorded from './testing/recorded-logs.json';

interface Recorded {
	name: string;
	events: LogEvent[];
	expected: {
		input: Record<string, unknown>;
		status: string;
		data: Record<string, unknown>;
		output: unknown;
		error: string | null;
		currentSteps: string[];
		steps: { stepId: string; scope: string | null; visit: number; stepStatus: string; attempt: number }[];
	};
}

const logs = recorded as unknown as Recorded[];

describe.each(logs)('the log of an execution: $name', ({ events, expected }) => {
	const state = fold(beginning(expected.input), events);

	it('folds to the status, the data and the result that the server tells', () => {
		expect(state.status).toBe(expected.status);
		expect(state.data).toEqual(expected.data);
		expect(state.output).toEqual(expected.output);
		expect(state.error?.code ?? null).toBe(expected.error);
	});

	it('folds to the steps that the server tells', () => {
		const shown = [...state.runs.values()].map((run) => [run.stepId, run.scope, run.visit, run.status]);
		const told = expected.steps.map((step) => [step.stepId, step.scope, step.visit, step.stepStatus]);
		expect(shown).toEqual(told);
	});

	it('folds to the attempts that the server tells', () => {
		const shown = [...state.runs.values()].map((run) => [
			run.key,
			run.attempts.findLast((attempt) => !attempt.isUndo)?.number ?? 1
		]);
		expect(shown).toEqual(expected.steps.map((step, index) => [shown[index]?.[0], step.attempt]));
	});

	it('is the same whether events come one by one or all at once', () => {
		let one = beginning(expected.input);
		for (const event of events) one = fold(one, [event]);
		expect(one).toEqual(state);
	});

	it('leaves the state before as it was', () => {
		const half = fold(beginning(expected.input), events.slice(0, events.length / 2));
		const copy = structuredClone(half);
		fold(half, events);
		expect(half).toEqual(copy);
	});

	it('passes over events that come twice', () => {
		expect(fold(state, events.slice(-3))).toBe(state);
	});
});

describe('nodes in the graph', () => {
	const named = (name: string) => {
		const { events, expected } = logs.find((each) => each.name === name)!;
		return fold(beginning(expected.input), events);
	};

	it('stand as their latest activation does', () => {
		const nodes = nodeStatuses(named('loop with subworkflows'));
		expect([...nodes.values()].some((node) => node.runs > 1)).toBe(true);
	});

	it('are untouched again where the execution has gone back behind them, and undone where they were undone', () => {
		const nodes = nodeStatuses(named('rolled back to a step, resting'));
		expect(nodes.get('book-flight')?.status).toBe('completed');
		expect(nodes.get('book-car')?.status).toBe('compensated');
	});

	it('wait where a halt holds their token', () => {
		expect(nodeStatuses(named('rolled back to a step, resting')).get('book-hotel')?.status).toBe('paused');
	});

	it('are open where any of their activations is', () => {
		const state = named('every kind of node, waiting');
		const open = [...state.runs.values()].filter((run) => isOpen(run)).map((run) => run.stepId);
		expect(open).toEqual(['go']);
		expect(nodeStatuses(state).get('go')?.status).toBe('waiting');
	});
});
