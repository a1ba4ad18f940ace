import { describe, expect, test } from 'vitest';
import {
	belongsTo,
	canClaim,
	canDelegate,
	canRelease,
	changeBy,
	commonOutcomes,
	humanized,
	isOverdue,
	leaning,
	obstacle,
	queryOf,
	schemaOf,
	type Task
} from './tasks';

const NOW = Date.parse('2026-03-02T09:00:00Z');
const grace = { id: 'g', email: 'Grace@example.com' };
const everything = () => true;
const only =
	(...names: string[]) =>
	(permission: string) =>
		names.includes(permission);

function task(changes: Partial<Task> = {}): Task {
	return {
		id: 't',
		executionId: 'e',
		workflowId: 'purchase',
		stepId: 'approve',
		name: 'Approve',
		form: null,
		assignTo: [],
		outcomes: ['approved', 'rejected'],
		approvalsRequired: 1,
		approvalsGiven: 0,
		approvingOutcomes: ['approved'],
		fourEyes: false,
		status: 'open',
		claimedBy: null,
		claimedById: null,
		data: null,
		outcome: null,
		createdAt: '2026-03-01T09:00:00Z',
		dueAt: null,
		escalateAt: null,
		escalatedAt: null,
		claimedAt: null,
		completedAt: null,
		completedBy: null,
		completedById: null,
		...changes
	};
}

describe('views', () => {
	test('what one has done is listed by when it was done, whatever order was chosen', () => {
		expect(queryOf('completed', 'dueAt', '')).toEqual({
			status: ['completed', 'cancelled'],
			mine: false,
			sort: '-completedAt',
			limit: 50
		});
	});

	test('a workflow narrows every view', () => {
		expect(queryOf('all', '-createdAt', 'purchase')).toMatchObject({
			workflowId: 'purchase',
			sort: '-createdAt'
		});
	});

	test('a task given to me by name is not among those of my groups, however the address is written', () => {
		expect(belongsTo('groups', task({ assignTo: ['purchasing', 'grace@example.com'] }), grace, NOW)).toBe(
			false
		);
		expect(belongsTo('groups', task({ assignTo: ['purchasing'] }), grace, NOW)).toBe(true);
		expect(belongsTo('mine', task({ assignTo: ['grace@example.com'] }), grace, NOW)).toBe(true);
	});

	test('a task is overdue from its due time on, and not once it is done', () => {
		expect(isOverdue(task({ dueAt: '2026-03-02T09:00:00Z' }), NOW)).toBe(true);
		expect(isOverdue(task({ dueAt: '2026-03-02T09:00:01Z' }), NOW)).toBe(false);
		expect(isOverdue(task({ dueAt: '2026-03-01T09:00:00Z', status: 'completed' }), NOW)).toBe(false);
		expect(isOverdue(task(), NOW)).toBe(false);
	});
});

describe('what one may do', () => {
	test('an open task is claimed, unless several people must agree on it', () => {
		expect(canClaim(task(), everything)).toBe(true);
		expect(canClaim(task({ approvalsRequired: 2 }), everything)).toBe(false);
		expect(canClaim(task(), only('task:read'))).toBe(false);
	});

	test('what another has claimed is decided and released by those alone who manage tasks', () => {
		const taken = task({ status: 'claimed', claimedById: 'a' });
		expect(obstacle(taken, grace, only('task:complete'))).toBe('claimed-by-other');
		expect(obstacle(taken, grace, everything)).toBeUndefined();
		expect(canRelease(taken, grace, only('task:complete'))).toBe(false);
		expect(canRelease(taken, grace, everything)).toBe(true);
	});

	test('nobody votes twice', () => {
		expect(obstacle(task({ approvalsRequired: 2 }), grace, everything, ['g'])).toBe('voted');
		expect(obstacle(task({ approvalsRequired: 2 }), grace, everything, ['a'])).toBeUndefined();
	});

	test('one hands on what one has claimed, or a say that needs no claim', () => {
		const mayDelegate = only('task:delegate');
		expect(canDelegate(task(), grace, mayDelegate)).toBe(false);
		expect(canDelegate(task({ status: 'claimed', claimedById: 'g' }), grace, mayDelegate)).toBe(true);
		expect(canDelegate(task({ approvalsRequired: 2 }), grace, mayDelegate)).toBe(true);
		expect(canDelegate(task({ status: 'completed', claimedById: 'g' }), grace, everything)).toBe(false);
	});
});

describe('outcomes', () => {
	test('an outcome is a yes because the task says so, or because of its name', () => {
		expect(leaning('released', task({ approvingOutcomes: ['released'] }))).toBe('yes');
		expect(leaning('approved', task({ approvingOutcomes: [] }))).toBe('yes');
		expect(leaning('rejected', task())).toBe('no');
		expect(leaning('more-information', task())).toBe('other');
	});

	test('names of outcomes are shown as words', () => {
		expect(humanized('more-information')).toBe('More information');
		expect(humanized('askAgain')).toBe('Ask again');
	});

	test('several tasks are decided by an outcome that all of them have', () => {
		expect(commonOutcomes([task(), task({ outcomes: ['rejected', 'later'] })])).toEqual(['rejected']);
		expect(commonOutcomes([task(), task({ outcomes: null })])).toEqual([]);
		expect(commonOutcomes([])).toEqual([]);
	});
});

test('a form that is only named is none that could be shown', () => {
	expect(schemaOf('invoice-approval')).toBeUndefined();
	expect(schemaOf({ component: 'InvoiceForm' })).toBeUndefined();
	expect(schemaOf({ type: 'object', properties: {} })).toEqual({ type: 'object', properties: {} });
});

describe('what others did meanwhile', () => {
	test('that another claimed or completed it is told, with their name', () => {
		const claimed = task({ status: 'claimed', claimedById: 'a', claimedBy: 'ada@example.com' });
		expect(changeBy(task(), claimed, grace)).toEqual({ kind: 'claimed', by: 'ada@example.com' });
		const done = task({ status: 'completed', completedById: 'a', completedBy: 'ada@example.com' });
		expect(changeBy(claimed, done, grace)).toEqual({ kind: 'completed', by: 'ada@example.com' });
	});

	test('what one did oneself is not told as news', () => {
		expect(changeBy(task(), task({ status: 'claimed', claimedById: 'g' }), grace)).toBeUndefined();
		expect(changeBy(task(), task({ status: 'completed', completedById: 'g' }), grace)).toBeUndefined();
	});

	test('that a task was taken from one is told', () => {
		expect(changeBy(task({ status: 'claimed', claimedById: 'g' }), task(), grace)?.kind).toBe('released');
	});
});
