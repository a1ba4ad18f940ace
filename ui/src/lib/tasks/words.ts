/** What is said of tasks. */
import { m } from '#lib/paraglide/messages';
import { humanized, leaning, type Task } from './tasks';

/** What a button says that gives an outcome. */
export function outcomeAction(outcome: string, task: Pick<Task, 'approvingOutcomes'>): string {
	if (outcome === 'approved' && leaning(outcome, task) === 'yes') return m.tasks_approve();
	if (outcome === 'rejected') return m.tasks_reject();
	return humanized(outcome);
}
