/** Finds people to choose, and their names. */
import { api, ask } from '#lib/api/rest';
import type { Found } from '#lib/ui/Finder.svelte';

const SHOWN = 20;

/** Members whose name or address holds a text. */
export async function findMembers(text: string, signal: AbortSignal): Promise<Found[]> {
	const { items } = await ask(
		api.GET('/api/v1/users', { params: { query: { limit: SHOWN, ...(text && { q: text }) } }, signal })
	);
	return items.map((each) => ({ value: each.id, label: each.name ?? each.email, hint: each.email }));
}

/** What each of some members is called, by id. Those who are gone are left out. */
export async function memberNames(ids: readonly string[], signal: AbortSignal): Promise<Map<string, string>> {
	const found = await Promise.all(
		[...new Set(ids)].map((user_id) =>
			ask(api.GET('/api/v1/users/{user_id}', { params: { path: { user_id } }, signal })).catch(
				() => undefined
			)
		)
	);
	return new Map(
		found.filter((each) => each !== undefined).map((each) => [each.id, each.name ?? each.email])
	);
}
