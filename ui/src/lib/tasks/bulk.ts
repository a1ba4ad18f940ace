/** Doing the same with many tasks. */
import { api, ask, idempotent, type Schemas } from '#lib/api/rest';
import type { Task } from './tasks';

/** The most that one request takes. */
const BATCH = 100;

export type Act = { act: 'claim' } | { act: 'release' } | { act: 'complete'; outcome: string | null };

export interface Refusal {
	task: Task;
	why: string;
}

export interface Outcome {
	done: number;
	refused: Refusal[];
}

type Item = Schemas['TasksBody']['items'][number];
type Send = (items: Item[]) => Promise<Schemas['BulkOut']['items']>;

async function send(items: Item[]): Promise<Schemas['BulkOut']['items']> {
	return (await ask(api.POST('/api/v1/tasks/bulk', { params: { header: idempotent() }, body: { items } })))
		.items;
}

/**
 * Do the same with each task, in requests of up to a hundred.
 *
 * @returns how many are done, and which were left as they are.
 */
export async function actOn(tasks: readonly Task[], act: Act, through: Send = send): Promise<Outcome> {
	const outcome: Outcome = { done: 0, refused: [] };
	for (let from = 0; from < tasks.length; from += BATCH) {
		const batch = tasks.slice(from, from + BATCH);
		const items = await through(batch.map(({ id }) => ({ id, ...act })));
		for (const item of items) {
			const task = batch[item.index];
			if (item.status === 'done') outcome.done += 1;
			else if (task) outcome.refused.push({ task, why: reason(item) });
		}
	}
	return outcome;
}

function reason({ error }: Schemas['ItemOut']): string {
	const fields = (error?.errors ?? [])
		.slice(0, 3)
		.map(({ pointer, message }) => `${pointer.split('/').at(-1)}: ${message}`);
	return [error?.detail ?? '', ...fields].filter(Boolean).join(' ');
}
