/** What can be done to an execution, when, and by whom. */
import { m } from '#lib/paraglide/messages';
import { session } from '#lib/session/session.svelte';
import { hasEnded, statusLabel } from '#lib/ui/status';

export type Act =
	| 'pause'
	| 'resume'
	| 'cancel'
	| 'retry'
	| 'rollback'
	| 'skip'
	| 'migrate'
	| 'data'
	| 'signal'
	| 'restart'
	| 'start'
	| 'validate'
	| 'submit'
	| 'approve'
	| 'reject';

const PERMISSIONS: Record<Act, string> = {
	pause: 'execution:pause',
	resume: 'execution:pause',
	cancel: 'execution:cancel',
	retry: 'execution:retry',
	rollback: 'execution:rollback',
	skip: 'execution:operate',
	migrate: 'execution:migrate',
	data: 'execution:operate',
	signal: 'execution:signal',
	restart: 'execution:retry',
	start: 'execution:submit',
	validate: 'execution:submit',
	submit: 'execution:submit',
	approve: 'execution:approve',
	reject: 'execution:approve'
};

const REVIEW = ['awaiting_validation', 'submitted'];

/** Whether an execution of this status takes the act; the server has the last word. */
export function isPossible(act: Act, status: string): boolean {
	switch (act) {
		case 'pause':
			return ['pending', 'running', 'waiting', 'draft'].includes(status);
		case 'resume':
			return ['paused', 'rolled_back'].includes(status);
		case 'cancel':
			return !hasEnded(status);
		case 'retry':
			return !['draft', 'pending', 'paused', ...REVIEW].includes(status);
		case 'rollback':
			return !['draft', 'pending', 'compensating'].includes(status);
		case 'skip':
			return ['running', 'waiting', 'paused', 'compensating', 'failed', 'timed_out'].includes(status);
		case 'migrate':
		case 'data':
			return !hasEnded(status) && status !== 'compensating';
		case 'signal':
			return !hasEnded(status);
		case 'restart':
			return true;
		case 'start':
			return status === 'draft';
		case 'validate':
			return status === 'awaiting_validation';
		case 'submit':
			return status === 'awaiting_validation';
		case 'approve':
		case 'reject':
			return status === 'submitted';
	}
}

export function isPermitted(act: Act): boolean {
	return session.can(PERMISSIONS[act]);
}

/** Why an act cannot be done now, or nothing where it can. */
export function hindrance(act: Act, status: string): string | undefined {
	if (!isPermitted(act)) return m.executions_needs_permission({ permission: PERMISSIONS[act] });
	if (!isPossible(act, status)) return m.executions_not_now({ status: statusLabel(status) });
	return undefined;
}
