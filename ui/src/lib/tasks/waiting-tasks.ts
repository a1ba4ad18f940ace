/** How many tasks wait for the person, as far as they are counted. */
import { api, ask } from '#lib/api/rest';

/** More than that are "200+". */
export const COUNTED = 200;

export interface WaitingTasks {
	open: number;
	overdue: number;
	/** There are more. */
	isMore: boolean;
}

export async function countWaiting(signal: AbortSignal): Promise<WaitingTasks> {
	const query = {
		mine: true,
		status: ['open', 'claimed'] as ('open' | 'claimed')[],
		// those without a date come last
		sort: 'dueAt',
		fields: 'id,dueAt',
		limit: COUNTED
	};
	const { items, nextCursor } = await ask(api.GET('/api/v1/tasks', { params: { query }, signal }));
	const now = Date.now();
	return {
		open: items.length,
		overdue: items.filter(({ dueAt }) => dueAt != null && Date.parse(dueAt) <= now).length,
		isMore: Boolean(nextCursor)
	};
}
