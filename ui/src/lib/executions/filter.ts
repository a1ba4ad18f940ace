/** What a list of executions is narrowed down by: in the address, to the API, and for operations on many. */
import type { Schemas } from '#lib/api/rest';
import { EXECUTION_STATUSES } from '#lib/ui/status';

export type ExecutionStatus = Schemas['ExecutionStatus'];

/** The filter as the address holds it; empty where it does not narrow down. */
export interface ExecutionFilter {
	/** Comma-separated. */
	status: string;
	workflow: string;
	version: string;
	tag: string;
	/** Comma-separated `name:value`. */
	attribute: string;
	startedBy: string;
	/** One of `PERIODS`, or `FROM/TO` in RFC 3339, either side empty. */
	period: string;
	sort: string;
}

export const EMPTY_FILTER: ExecutionFilter = {
	status: '',
	workflow: '',
	version: '',
	tag: '',
	attribute: '',
	startedBy: '',
	period: '',
	sort: ''
};

const HOUR = 3_600_000;

/** Periods that end now, and their milliseconds. */
export const PERIODS = { '1h': HOUR, '24h': 24 * HOUR, '7d': 7 * 24 * HOUR, '30d': 30 * 24 * HOUR } as const;
export type Period = keyof typeof PERIODS;

export function isPeriod(text: string): text is Period {
	return text in PERIODS;
}

/** From when to when a period goes, in RFC 3339. */
export function boundsOf(period: string, now: number): { after?: string; before?: string } {
	if (isPeriod(period)) return { after: new Date(now - PERIODS[period]).toISOString() };
	const [after, before] = period.split('/');
	return { ...(after && { after }), ...(before && { before }) };
}

export function statusesOf(filter: Pick<ExecutionFilter, 'status'>): ExecutionStatus[] {
	const known: readonly string[] = EXECUTION_STATUSES;
	return parts(filter.status).filter((each): each is ExecutionStatus => known.includes(each));
}

function parts(text: string): string[] {
	return text
		.split(',')
		.map((each) => each.trim())
		.filter((each) => each !== '');
}

/**
 * The parameters of `GET /executions`.
 *
 * @param now milliseconds since 1970.
 */
export function toQuery(filter: ExecutionFilter, now: number) {
	const { after, before } = boundsOf(filter.period, now);
	const attributes = parts(filter.attribute);
	const statuses = statusesOf(filter);
	const isByEnd = filter.sort.endsWith('completedAt');
	return {
		...(statuses.length > 0 && { status: statuses }),
		...(filter.workflow && { workflowId: filter.workflow }),
		...(Number(filter.version) > 0 && { versionNumber: Number(filter.version) }),
		...(filter.tag && { tag: filter.tag }),
		...(attributes.length > 0 && { attribute: attributes }),
		...(filter.startedBy && { startedBy: filter.startedBy }),
		// a list that is narrowed down by a time is sorted by the same one
		...(after && { [isByEnd ? 'completedAfter' : 'createdAfter']: after }),
		...(before && { [isByEnd ? 'completedBefore' : 'createdBefore']: before }),
		...(filter.sort && { sort: filter.sort })
	};
}

/** What of a filter operations on many do not know: they must not do more than what is shown. */
export function tooNarrow(filter: ExecutionFilter): boolean {
	return filter.version !== '' || filter.startedBy !== '' || filter.sort.endsWith('completedAt');
}

/** The filter of an operation on all that fit. */
export function toBulkFilter(filter: ExecutionFilter, now: number): Schemas['FilterBody'] {
	const { after, before } = boundsOf(filter.period, now);
	const attributes = parts(filter.attribute);
	const statuses = statusesOf(filter);
	return {
		...(statuses.length > 0 && { status: statuses }),
		...(filter.workflow && { workflowId: filter.workflow }),
		...(filter.tag && { tag: filter.tag }),
		...(attributes.length > 0 && { attribute: attributes }),
		...(after && { createdAfter: after }),
		...(before && { createdBefore: before })
	};
}

/** Whether anything narrows the list down. */
export function isNarrowed(filter: ExecutionFilter): boolean {
	return Object.entries(filter).some(([name, value]) => name !== 'sort' && value !== '');
}

/**
 * Whether an execution that has just begun, or ended, may belong to the list, as far as its event tells.
 *
 * @param status where the event leads.
 */
export function mayBelong(
	filter: ExecutionFilter,
	workflow: string | null | undefined,
	status: string
): boolean {
	if (filter.workflow !== '' && filter.workflow !== workflow) return false;
	if (filter.tag !== '' || filter.attribute !== '' || filter.startedBy !== '' || filter.version !== '')
		return false;
	if (filter.period !== '' && !isPeriod(filter.period)) return false;
	const statuses = statusesOf(filter);
	return statuses.length === 0 || statuses.some((each) => each === status);
}
