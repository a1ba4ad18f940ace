/** Where a delivery stands, in words. */
import type { Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import type { Tone } from '#lib/ui/tone';

type Status = Schemas['DeliveryStatus'];

export const STATUSES: Record<Status, { tone: Tone; label: () => string }> = {
	due: { tone: 'info', label: m.admin_webhooks_status_due },
	delivered: { tone: 'ok', label: m.admin_webhooks_status_delivered },
	failed: { tone: 'bad', label: m.admin_webhooks_status_failed }
};
