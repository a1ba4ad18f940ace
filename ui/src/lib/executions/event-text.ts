/** What events say, in short. */
import type { Tone } from '#lib/ui/tone';
import { factsOf, type LogEvent } from './log';

export type EventKind = 'execution' | 'steps' | 'failures';

const FAILURES = /FAILED|TIMED_OUT|RETRY_SCHEDULED|REFUSED|RECOVERED/;
const LONGEST = 160;

/** Whether an event is of a kind, and holds a text in its type, its step or its facts. */
export function fits(event: LogEvent, kind: EventKind | '', text: string): boolean {
	const isOfStep = event.type.startsWith('STEP_') || event.type.startsWith('BRANCH_');
	if (kind === 'execution' && isOfStep) return false;
	if (kind === 'steps' && !isOfStep) return false;
	if (kind === 'failures' && !FAILURES.test(event.type)) return false;
	const wanted = text.trim().toLowerCase();
	if (wanted === '') return true;
	return `${event.type} ${event.stepId ?? ''} ${event.scope ?? ''} ${JSON.stringify(event.data)}`
		.toLowerCase()
		.includes(wanted);
}

export function toneOf(event: LogEvent): Tone {
	if (/COMPENSAT|ROLLED_BACK/.test(event.type)) return event.type.endsWith('FAILED') ? 'bad' : 'undo';
	if (/FAILED|TIMED_OUT|REFUSED/.test(event.type)) return 'bad';
	if (/RETRY|RECOVERED|HELD|PAUSED|AWAITING/.test(event.type)) return 'warn';
	if (/COMPLETED|APPROVED|VALIDATED/.test(event.type)) return 'ok';
	if (/STARTED|RESUMED|RETRIED/.test(event.type)) return 'info';
	return 'neutral';
}

/** One line of what an event says. */
export function summaryOf(event: LogEvent): string {
	const facts = factsOf(event);
	const error = facts['error'] as { code?: string; message?: string } | undefined;
	if (error) return short([error.code, error.message].filter(Boolean).join(': '));
	const parts = [
		'attempt',
		'waiting',
		'event',
		'reason',
		'by',
		'name',
		'version',
		'next',
		'case',
		'action',
		'output',
		'data'
	]
		.filter((name) => facts[name] !== undefined)
		.map((name) => `${name} ${typeof facts[name] === 'string' ? facts[name] : JSON.stringify(facts[name])}`);
	return short(parts.join(' · '));
}

function short(text: string): string {
	return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
