/** Finds workflows to choose. */
import { api, ask } from '#lib/api/rest';
import type { Found } from '#lib/ui/Finder.svelte';

const SHOWN = 40;

/** Workflows whose name or id holds a text. */
export async function findWorkflows(text: string, signal: AbortSignal): Promise<Found[]> {
	const { items } = await ask(
		api.GET('/api/v1/workflows', { params: { query: { limit: SHOWN, ...(text && { q: text }) } }, signal })
	);
	return items.map(({ id, name }) => ({ value: id, label: name, hint: id }));
}
