import { expect, test } from 'vitest';
import { actOn } from './bulk';
import type { Task } from './tasks';

const tasks = Array.from(
	{ length: 230 },
	(_, index) => ({ id: `task-${index}`, name: `Task ${index}` }) as Task
);

test('many tasks go in requests of a hundred, and each refusal is told with its task', async () => {
	const sizes: number[] = [];
	const outcome = await actOn(tasks, { act: 'complete', outcome: 'approved' }, async (items) => {
		sizes.push(items.length);
		return items.map((item, index) => ({
			index,
			id: item.id,
			status: item.id === 'task-105' ? ('refused' as const) : ('done' as const),
			error:
				item.id === 'task-105'
					? {
							code: 'invalid_form',
							detail: 'The data does not satisfy the form.',
							errors: [{ pointer: '/data/amount', message: 'is missing', code: 'schema_mismatch' }]
						}
					: null
		}));
	});
	expect(sizes).toEqual([100, 100, 30]);
	expect(outcome.done).toBe(229);
	expect(outcome.refused).toEqual([
		{ task: tasks[105], why: 'The data does not satisfy the form. amount: is missing' }
	]);
});
