/** Finding workflows by name or id. */
import { api, ask } from '#lib/api/rest';
import type { Found } from '#lib/ui/Finder.svelte';

export async function findWorkflows(text: string, signal: AbortSignal): Promise<Found[]> {
	const { items } = await ask(api.GET('/api/v1/workflows', { params: { query: { limit: 200 } }, signal }));
	const wanted = text.toLowerCase();
	return items
		.filter(({ id, name }) => id.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted))
		.slice(0, 40)
		.map(({ id, name }) => ({ value: id, label: name, hint: id }));
}
