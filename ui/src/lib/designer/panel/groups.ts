/** In which part of the panel a field of a node stands. */
import type { FieldShape } from './shape';

export type Group = 'main' | 'links' | 'failing' | 'advanced';

/** Shown at the panel's head, or on the canvas only; and what became of a plugin's node, which is not entered. */
const ELSEWHERE = new Set(['id', 'type', 'name', 'ui', 'expansion']);

const GROUPS: Record<string, Group> = {
	next: 'links',
	targets: 'links',
	true: 'links',
	false: 'links',
	default: 'links',
	do: 'links',
	outcomes: 'links',
	retry: 'failing',
	deadline: 'failing',
	onError: 'failing',
	critical: 'failing',
	compensate: 'failing',
	onItemError: 'failing',
	description: 'advanced',
	dependencies: 'advanced',
	when: 'advanced',
	queue: 'advanced',
	validate: 'advanced',
	collect: 'advanced',
	continueWhen: 'advanced',
	maxIterations: 'advanced'
};

/** A node's fields by the part of the panel that they stand in. */
export function grouped(type: string, fields: readonly FieldShape[]): Record<Group, FieldShape[]> {
	const found: Record<Group, FieldShape[]> = { main: [], links: [], failing: [], advanced: [] };
	for (const field of fields) {
		if (ELSEWHERE.has(field.name)) continue;
		found[groupOf(type, field.name)].push(field);
	}
	found.main.sort((one, other) => rank(one.name) - rank(other.name));
	return found;
}

/** An action and what it works with come first; what a step's result is kept as is asked last. */
function rank(name: string): number {
	const place = ['action', 'connection'].indexOf(name);
	return name === 'output' ? 3 : place === -1 ? 2 : place;
}

function groupOf(type: string, name: string): Group {
	// for what waits, a time limit is a way to go on
	if (name === 'timeout') return type === 'wait' || type === 'human-task' ? 'main' : 'failing';
	return GROUPS[name] ?? 'main';
}

/** Texts that are taken as they are: no `${ … }` in them. */
const LITERAL = new Set([
	'name',
	'description',
	'action',
	'connection',
	'queue',
	'as',
	'label',
	'template',
	'method',
	'field',
	'form',
	'version',
	'cron',
	'timezone',
	'startAt',
	'endAt',
	'header',
	'prefix',
	'timestampHeader',
	'deliveryHeader',
	'secret',
	'integrationId',
	'integrationEventId',
	'nonRetryable',
	'codes',
	'types',
	'encrypt'
]);

/** Whether `${ … }` means something in a text of that name. */
export function takesTemplates(name: string): boolean {
	return !LITERAL.has(name);
}

/** Texts that are long by nature. */
export function isLong(name: string): boolean {
	return name === 'description' || name === 'message';
}

/** Fields of a node that nothing here knows: kept, and shown as JSON. */
export function unknownFields(
	node: Readonly<Record<string, unknown>>,
	fields: readonly FieldShape[]
): Record<string, unknown> {
	const known = new Set(fields.map((each) => each.name));
	return Object.fromEntries(
		Object.entries(node).filter(([name]) => !known.has(name) && !ELSEWHERE.has(name))
	);
}
