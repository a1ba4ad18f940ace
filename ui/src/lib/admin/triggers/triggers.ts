/** What triggers are called, and how they stand. */
import type { Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import type { Tone } from '#lib/ui/tone';

export type Trigger = Schemas['TriggerOut'];

export const TYPES: Record<Trigger['type'], () => string> = {
	schedule: m.admin_triggers_type_schedule,
	event: m.admin_triggers_type_event,
	webhook: m.admin_triggers_type_webhook,
	manual: m.admin_triggers_type_manual,
	integration: m.admin_triggers_type_integration
};

type State = NonNullable<Trigger['integration']>['state'];

/** How those stand that look at other systems. */
export const STATES: Record<State, { tone: Tone; label: () => string; help: () => string }> = {
	waiting: { tone: 'ok', label: m.admin_triggers_state_waiting, help: m.admin_triggers_state_help_waiting },
	working: { tone: 'ok', label: m.admin_triggers_state_working, help: m.admin_triggers_state_help_working },
	listening: {
		tone: 'ok',
		label: m.admin_triggers_state_listening,
		help: m.admin_triggers_state_help_listening
	},
	failing: { tone: 'bad', label: m.admin_triggers_state_failing, help: m.admin_triggers_state_help_failing },
	held: { tone: 'warn', label: m.admin_triggers_state_held, help: m.admin_triggers_state_help_held },
	off: { tone: 'neutral', label: m.admin_triggers_state_off, help: m.admin_triggers_state_help_off }
};

/** How a trigger stands: active ones of integrations by what comes of their looks. */
export function standing(trigger: Trigger) {
	return trigger.status === 'active' && trigger.integration
		? STATES[trigger.integration.state]
		: STATUSES[trigger.status];
}

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

/** What a trigger says when it fires, in one line: its cron expression, its interval, its event, another system's. */
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
		case 'integration':
			return [`${said('integration')}.${said('trigger')}`, said('connection')].filter(Boolean).join(' · ');
		default:
			return '';
	}
}

/** What one calls a trigger: its own name, or its id in the workflow. */
export function nameOf({ name, key }: Pick<Trigger, 'name' | 'key'>): string {
	return name ?? key;
}
