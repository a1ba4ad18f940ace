/** What statuses are called, and in which colour they stand: the same everywhere. */
import { m } from '#lib/paraglide/messages';
import type { Tone } from './tone';

const KNOWN: Record<string, [Tone, () => string]> = {
	draft: ['neutral', m.status_draft],
	pending: ['neutral', m.status_pending],
	scheduled: ['neutral', m.status_scheduled],
	running: ['info', m.status_running],
	waiting: ['warn', m.status_waiting],
	paused: ['neutral', m.status_paused],
	awaiting_validation: ['warn', m.status_awaiting_validation],
	submitted: ['info', m.status_submitted],
	compensating: ['undo', m.status_compensating],
	compensated: ['undo', m.status_compensated],
	rolled_back: ['undo', m.status_rolled_back],
	completed: ['ok', m.status_completed],
	failed: ['bad', m.status_failed],
	cancelled: ['neutral', m.status_cancelled],
	timed_out: ['bad', m.status_timed_out],
	skipped: ['neutral', m.status_skipped],
	open: ['warn', m.status_open],
	claimed: ['info', m.status_claimed],
	published: ['ok', m.status_published],
	deprecated: ['warn', m.status_deprecated],
	archived: ['neutral', m.status_archived],
	active: ['ok', m.status_active],
	disabled: ['neutral', m.status_disabled],
	suspended: ['warn', m.status_suspended],
	invited: ['info', m.status_invited],
	expired: ['neutral', m.status_expired],
	revoked: ['neutral', m.status_revoked],
	ready: ['ok', m.status_ready],
	degraded: ['warn', m.status_degraded],
	unavailable: ['bad', m.status_unavailable]
};

export function statusTone(status: string): Tone {
	return KNOWN[status.toLowerCase()]?.[0] ?? 'neutral';
}

export function statusLabel(status: string): string {
	return KNOWN[status.toLowerCase()]?.[1]() ?? status;
}

/** The statuses of executions, in the order in which they follow each other. */
export const EXECUTION_STATUSES = [
	'draft',
	'pending',
	'running',
	'waiting',
	'paused',
	'awaiting_validation',
	'submitted',
	'compensating',
	'rolled_back',
	'completed',
	'failed',
	'cancelled',
	'timed_out'
] as const;

/** Whether an execution of this status has ended. */
export function hasEnded(status: string): boolean {
	return ['completed', 'failed', 'cancelled', 'timed_out'].includes(status);
}
