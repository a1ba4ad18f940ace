/** What happened to a task, as one stream: votes, delegations, comments, and the task's own moments. */
import type { Schemas } from '#lib/api/rest';
import type { Task } from './tasks';

export type Entry =
	| { kind: 'created'; at: string; who: null }
	| { kind: 'escalated'; at: string; who: null }
	| { kind: 'claimed'; at: string; who: string | null }
	| { kind: 'vote'; at: string; who: string; vote: Schemas['VoteOut'] }
	| { kind: 'delegated'; at: string; who: string; delegation: Schemas['DelegationOut'] }
	| { kind: 'comment'; at: string; who: string; comment: Schemas['CommentOut'] }
	| { kind: 'completed'; at: string; who: string | null; outcome: string | null }
	| { kind: 'cancelled'; at: string; who: null };

interface Told {
	votes: readonly Schemas['VoteOut'][];
	delegations: readonly Schemas['DelegationOut'][];
	comments: readonly Schemas['CommentOut'][];
}

/** The oldest first. */
export function history(task: Task, { votes, delegations, comments }: Told): Entry[] {
	const entries: Entry[] = [{ kind: 'created', at: task.createdAt, who: null }];
	if (task.escalatedAt) entries.push({ kind: 'escalated', at: task.escalatedAt, who: null });
	if (task.claimedAt) entries.push({ kind: 'claimed', at: task.claimedAt, who: task.claimedBy });
	for (const vote of votes) entries.push({ kind: 'vote', at: vote.votedAt, who: vote.voter, vote });
	for (const delegation of delegations) {
		entries.push({ kind: 'delegated', at: delegation.createdAt, who: delegation.fromName, delegation });
	}
	for (const comment of comments) {
		entries.push({ kind: 'comment', at: comment.createdAt, who: comment.author, comment });
	}
	if (task.completedAt) {
		const { completedAt: at, completedBy: who, outcome } = task;
		if (task.status === 'cancelled') entries.push({ kind: 'cancelled', at, who: null });
		// the last vote says the same
		else if (votes.length === 0) entries.push({ kind: 'completed', at, who, outcome });
	}
	// a stable sort: what happened at the same moment stays in the order of above
	return entries.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
