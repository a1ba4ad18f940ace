/** The events of an execution's log, and how live updates name them. */
import type { LiveEvent } from '#lib/api/live.svelte';
import type { Schemas } from '#lib/api/rest';

export type LogEvent = Schemas['EventOut'];

/** An event as the log has it, of one that was told live. */
export function fromLive(event: LiveEvent): LogEvent {
	const [thing = '', act = ''] = event.kind.split('.');
	const type = `${thing === 'execution' ? 'workflow' : thing}_${act}`.toUpperCase();
	return {
		seq: event.seq ?? 0,
		type: type as LogEvent['type'],
		stepId: event.stepId ?? null,
		scope: event.scope ?? null,
		visit: event.visit ?? null,
		occurredAt: event.occurredAt,
		data: (event.data ?? null) as LogEvent['data']
	};
}

/** The kind under which an event of this type can be followed. */
export function kindOf(type: string): string {
	const [thing = '', ...act] = type.toLowerCase().split('_');
	return `${thing === 'workflow' ? 'execution' : thing}.${act.join('_')}`;
}

/** Milliseconds since 1970. */
export function momentOf(event: LogEvent): number {
	return Date.parse(event.occurredAt);
}

/** Facts of an event, empty where it has none. */
export function factsOf(event: LogEvent): Record<string, unknown> {
	return event.data ?? {};
}
