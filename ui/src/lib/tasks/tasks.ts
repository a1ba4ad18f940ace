/** What a task is to the person who looks at it. Who may do what is decided by the server; this says it beforehand. */
import type { Schemas } from '#lib/api/rest';
import type { Me } from '#lib/session/session.svelte';

export type Task = Schemas['TaskOut'];

export const VIEWS = ['mine', 'groups', 'overdue', 'all', 'completed'] as const;
export type View = (typeof VIEWS)[number];

export const ORDERS = ['dueAt', '-createdAt', 'createdAt'] as const;
export type Order = (typeof ORDERS)[number];

export interface TaskQuery {
	status: Task['status'][];
	mine: boolean;
	sort: string;
	limit: number;
	workflowId?: string;
}

type Person = Pick<Me, 'id' | 'email'>;

/** What the server is asked for a view. */
export function queryOf(view: View, order: Order, workflowId: string): TaskQuery {
	return {
		status:
			view === 'completed' ? ['completed', 'cancelled'] : view === 'groups' ? ['open'] : ['open', 'claimed'],
		mine: view === 'mine' || view === 'groups' || view === 'overdue',
		sort: view === 'completed' ? '-completedAt' : view === 'overdue' ? 'dueAt' : order,
		limit: 50,
		...(workflowId && { workflowId })
	};
}

/** Whether a task belongs to a view, as far as the server does not sort that out itself. */
export function belongsTo(view: View, task: Task, person: Person, now: number): boolean {
	if (view === 'overdue') return isOverdue(task, now);
	if (view === 'groups') return !isPersonal(task, person);
	return true;
}

/** Whether a task was given to the person by name, and not to a group or role of theirs. */
export function isPersonal(task: Pick<Task, 'assignTo'>, person: Person): boolean {
	return task.assignTo.some(
		(name) => name === person.id || name.toLowerCase() === person.email.toLowerCase()
	);
}

export function isDone(task: Pick<Task, 'status'>): boolean {
	return task.status === 'completed' || task.status === 'cancelled';
}

/** @param now milliseconds since 1970. */
export function isOverdue(task: Pick<Task, 'status' | 'dueAt'>, now: number): boolean {
	return !isDone(task) && task.dueAt !== null && Date.parse(task.dueAt) <= now;
}

/** Whether several people must agree, so that nobody can have it for themselves. */
export function isJoint(task: Pick<Task, 'approvalsRequired'>): boolean {
	return task.approvalsRequired > 1;
}

export function isMine(task: Pick<Task, 'claimedById'>, person: Pick<Person, 'id'>): boolean {
	return task.claimedById !== null && task.claimedById === person.id;
}

/** Why a person cannot decide a task; `undefined` where nothing is known that stands against it. */
export type Obstacle = 'done' | 'not-permitted' | 'claimed-by-other' | 'voted';

export function obstacle(
	task: Task,
	person: Person,
	can: (permission: string) => boolean,
	voters: readonly (string | null)[] = []
): Obstacle | undefined {
	if (isDone(task)) return 'done';
	if (!can('task:complete')) return 'not-permitted';
	if (isJoint(task) && person.id !== null && voters.includes(person.id)) return 'voted';
	if (task.status === 'claimed' && !isMine(task, person) && !can('task:manage')) return 'claimed-by-other';
	return undefined;
}

export function canClaim(task: Task, can: (permission: string) => boolean): boolean {
	return task.status === 'open' && !isJoint(task) && can('task:complete');
}

export function canRelease(task: Task, person: Person, can: (permission: string) => boolean): boolean {
	return task.status === 'claimed' && (isMine(task, person) ? can('task:complete') : can('task:manage'));
}

/** One hands on what one has; a say in a common decision without having claimed it. */
export function canDelegate(task: Task, person: Person, can: (permission: string) => boolean): boolean {
	if (isDone(task) || !can('task:delegate')) return false;
	return isJoint(task) || isMine(task, person) || can('task:manage');
}

/** Whether an outcome stands for yes, for no, or for something else. */
export function leaning(outcome: string, task: Pick<Task, 'approvingOutcomes'>): 'yes' | 'no' | 'other' {
	if (/^(reject|rejected|decline|declined|deny|denied|refuse|refused)$/i.test(outcome)) return 'no';
	if (
		task.approvingOutcomes.includes(outcome) ||
		/^(approve|approved|accept|accepted|yes|ok)$/i.test(outcome)
	) {
		return 'yes';
	}
	return 'other';
}

/** `more-information` as people read it. */
export function humanized(name: string): string {
	const words = name
		.replace(/[-_.]+/g, ' ')
		.replace(/([a-z])([A-Z])/g, '$1 $2')
		.trim();
	return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** The outcomes that all of several tasks have, in the order of the first. */
export function commonOutcomes(tasks: readonly Pick<Task, 'outcomes'>[]): string[] {
	const [first, ...others] = tasks;
	return (first?.outcomes ?? []).filter((each) => others.every((other) => other.outcomes?.includes(each)));
}

/** Whether a task asks for a form that can be shown: a JSON Schema of an object. */
export function schemaOf(form: unknown): Record<string, unknown> | undefined {
	if (typeof form !== 'object' || form === null || Array.isArray(form)) return undefined;
	const schema = form as Record<string, unknown>;
	return 'properties' in schema ||
		'type' in schema ||
		'$ref' in schema ||
		'oneOf' in schema ||
		'allOf' in schema
		? schema
		: undefined;
}

/** Of a live event: whether somebody else did it, and what. */
export function changeBy(
	before: Task,
	after: Task,
	person: Person
): { kind: 'claimed' | 'released' | 'completed' | 'cancelled'; by: string | null } | undefined {
	if (before.status !== after.status) {
		if (after.status === 'completed') {
			return after.completedById === person.id ? undefined : { kind: 'completed', by: after.completedBy };
		}
		if (after.status === 'cancelled') return { kind: 'cancelled', by: null };
		if (after.status === 'open') return isMine(before, person) ? { kind: 'released', by: null } : undefined;
	}
	if (after.status === 'claimed' && after.claimedById !== before.claimedById && !isMine(after, person)) {
		return { kind: 'claimed', by: after.claimedBy };
	}
	return undefined;
}
