/** How connections stand, in words and colours; and who may change them. */
import { m } from '#lib/paraglide/messages';
import { session } from '#lib/session/session.svelte';
import type { Tone } from '#lib/ui/tone';
import type { Connection } from './words';

export interface Standing {
	tone: Tone;
	label: string;
}

export type ConnectionStatus = Connection['status'];

const STATUSES: Record<ConnectionStatus, [Tone, () => string]> = {
	READY: ['ok', m.integrations_status_ready],
	UNTESTED: ['neutral', m.integrations_status_untested],
	UNAUTHORIZED: ['bad', m.integrations_status_unauthorized],
	FAILING: ['bad', m.integrations_status_failing]
};

export const STATUS_NAMES = Object.keys(STATUSES) as ConnectionStatus[];

/** A status alone: for filters, and where no more is known. */
export function statusOf(status: ConnectionStatus): Standing {
	const [tone, label] = STATUSES[status];
	return { tone, label: label() };
}

/** Whether somebody has to allow access in a browser before it can be used. */
export function awaitsAuthorization(connection: Connection): boolean {
	return connection.authType === 'OAUTH2' && connection.status === 'UNAUTHORIZED' && !connection.hasTokens;
}

/** How a connection stands: what keeps steps from using it comes first. */
export function standingOf(connection: Connection): Standing {
	if (!connection.isActive) return { tone: 'neutral', label: m.status_disabled() };
	if (awaitsAuthorization(connection)) return { tone: 'warn', label: m.integrations_status_awaits() };
	if (connection.status === 'UNAUTHORIZED') return statusOf('UNAUTHORIZED');
	if (connection.breaker.state === 'OPEN') return { tone: 'bad', label: m.integrations_breaker_open() };
	if (connection.breaker.state === 'HALF_OPEN')
		return { tone: 'warn', label: m.integrations_breaker_half_open() };
	return statusOf(connection.status);
}

/** Whether the person may change a connection: their own, or the tenant's with the permission for these. */
export function mayChange(connection: Pick<Connection, 'userId'>): boolean {
	return session.can(connection.userId === null ? 'connection:manage' : 'connection:read');
}
