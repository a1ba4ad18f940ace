/** When a cron expression fires next. */
import { Cron } from 'croner';

/** The next times, or why there are none. */
export function nextTimes(
	expression: string,
	timezone: string | undefined,
	count: number,
	from = new Date()
): { times: Date[]; problem: string | null } {
	try {
		const job = new Cron(expression, { timezone: timezone || 'UTC', paused: true });
		return { times: job.nextRuns(count, from), problem: null };
	} catch (error) {
		return { times: [], problem: (error as Error).message.replace(/^CronPattern: /, '') };
	}
}
