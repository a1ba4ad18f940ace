/** Finding those whom a task can be given to. */
import { allRoles } from '#lib/admin/roles/roles';
import { everyPage } from '#lib/api/every-page';
import { api, ask } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import type { Found } from '#lib/ui/Finder.svelte';

const LIMIT = 20;

type Can = (permission: string) => boolean;

/** Active members whose name or address holds a text; by e-mail address. */
export async function findPeople(text: string, signal: AbortSignal): Promise<Found[]> {
	const query = { limit: LIMIT, sort: 'email', status: 'active' as const, ...(text && { q: text }) };
	const { items } = await ask(api.GET('/api/v1/users', { params: { query }, signal }));
	return items.map(({ email, name }) => ({
		value: email,
		label: name ?? email,
		hint: name ? email : m.tasks_person()
	}));
}

/** Members, groups and roles; each by the name by which tasks are assigned. */
export async function findAssignees(text: string, signal: AbortSignal, can: Can): Promise<Found[]> {
	const [people, groups, roles] = await Promise.all([
		can('user:read') ? findPeople(text, signal) : [],
		can('user:read')
			? everyPage((query) => ask(api.GET('/api/v1/groups', { params: { query }, signal })))
			: [],
		can('role:read') ? allRoles(signal) : []
	]);
	const wanted = text.toLowerCase();
	const fits = (...names: string[]) => names.some((name) => name.toLowerCase().includes(wanted));
	return [
		...groups
			.filter(({ name }) => fits(name))
			.map(({ name }) => ({ value: name, label: name, hint: m.tasks_group() })),
		...roles
			.filter(({ id, name }) => fits(id, name))
			.map(({ id, name }) => ({ value: id, label: name, hint: `${m.tasks_role()} · ${id}` })),
		...people
	].slice(0, 40);
}
