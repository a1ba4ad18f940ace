/** What triggers are called, and how they stand. */
import type { Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import type { Tone } from '#lib/ui/tone';

export type Trigger = Schemas['TriggerOut'];

export const TYPES: Record<Trigger['type'], () => string> = {
	schedule: m.admin_triggers_type_schedule,
	event: m.admin_triggers_type_event,
	webhook: m.admin_triggers_type_webhook,
	manual: m.admin_triggers_type_manual
};

export const STATUSES: Record<Trigger['status'], { tone: Tone; label: () => string; help: () => string }> = {
	active: { tone: 'ok', label: m.admin_triggers_status_active, help: m.admin_triggers_status_help_active },
	paused: { tone: 'warn', label: m.admin_triggers_status_paused, help: m.admin_triggers_status_help_paused },
	disabled: {
		tone: 'neutral',
		label: m.admin_triggers_status_disabled,
		help: m.admin_triggers_status_help_disabled
	},
	stopped: {
		tone: 'neutral',
		label: m.admin_triggers_status_stopped,
		help: m.admin_triggers_status_help_stopped
	},
	ended: { tone: 'neutral', label: m.admin_triggers_status_ended, help: m.admin_triggers_status_help_ended }
};

/** What a trigger says when it fires, in one line: its cron expression, its interval, its event. */
export function gist({ type, declaration }: Pick<Trigger, 'type' | 'declaration'>): string {
	const said = (name: string) => {
		const value = declaration[name] as unknown;
		return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
	};
	switch (type) {
		case 'schedule':
			return [said('cron') ?? said('every') ?? said('interval') ?? said('at'), said('timezone')]
				.filter(Boolean)
				.join(' · ');
		case 'event':
			return said('event') ?? '';
		default:
			return '';
	}
}

/** What one calls a trigger: its own name, or its id in the workflow. */
export function nameOf({ name, workflowId, key }: Pick<Trigger, 'name' | 'workflowId' | 'key'>): string {
	return name ?? `${workflowId}/${key}`;
}
