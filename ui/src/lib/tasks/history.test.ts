import { expect, test } from 'vitest';
import { history } from './history';
import type { Task } from './tasks';

const task = {
	createdAt: '2026-03-01T09:00:00Z',
	escalatedAt: '2026-03-01T12:00:00Z',
	claimedAt: '2026-03-01T10:00:00Z',
	claimedBy: 'ada@example.com',
	completedAt: '2026-03-01T13:00:00Z',
	completedBy: 'ada@example.com',
	outcome: 'approved',
	status: 'completed'
} as Task;
const comment = {
	id: 'c',
	authorId: null,
	author: 'grace@example.com',
	text: 'Is it in the budget?',
	createdAt: '2026-03-01T11:00:00Z'
};
const vote = {
	voterId: 'a',
	voter: 'ada@example.com',
	outcome: 'approved',
	isApproving: true,
	data: {},
	comment: null,
	votedAt: '2026-03-01T13:00:00Z'
};

test('everything that happened to a task is one stream, the oldest first', () => {
	const kinds = history(task, { votes: [], delegations: [], comments: [comment] }).map((each) => each.kind);
	expect(kinds).toEqual(['created', 'claimed', 'comment', 'escalated', 'completed']);
});

test('the vote that ended a task is told once', () => {
	const kinds = history(task, { votes: [vote], delegations: [], comments: [] }).map((each) => each.kind);
	expect(kinds.filter((kind) => kind === 'vote' || kind === 'completed')).toEqual(['vote']);
});
