/** What roles give, and what of it comes from the roles that they inherit. */
import { everyPage } from '#lib/api/every-page';
import { api, ask, type Schemas } from '#lib/api/rest';

export type Role = Schemas['RoleOut'];
export type Permission = Schemas['PermissionOut'];

/** Every role of the tenant. */
export function allRoles(signal?: AbortSignal): Promise<Role[]> {
	return everyPage((query) =>
		ask(api.GET('/api/v1/roles', { params: { query }, ...(signal && { signal }) }))
	);
}

/**
 * The permissions of a role, each with the roles that it comes from: the role itself, and any that it inherits, however
 * far up.
 */
export function permissionsOf(
	role: Pick<Role, 'id' | 'permissions' | 'inherits'>,
	roles: readonly Role[]
): Map<string, string[]> {
	const byId = new Map(roles.map((each) => [each.id, each]));
	const found = new Map<string, string[]>();
	const seen = new Set<string>();
	const visit = (each: Pick<Role, 'id' | 'permissions' | 'inherits'>) => {
		if (seen.has(each.id)) return;
		seen.add(each.id);
		for (const permission of each.permissions) {
			found.set(permission, [...(found.get(permission) ?? []), each.id]);
		}
		for (const parent of each.inherits) {
			const above = byId.get(parent);
			if (above) visit(above);
		}
	};
	visit(role);
	return found;
}

/** The roles that would inherit themselves if `id` inherited them: itself, and whatever inherits it. */
export function wouldCircle(id: string, roles: readonly Role[]): Set<string> {
	const circle = new Set([id]);
	for (let size = 0; size !== circle.size;) {
		size = circle.size;
		for (const role of roles) if (role.inherits.some((each) => circle.has(each))) circle.add(role.id);
	}
	return circle;
}

/** Permissions by what they are about: the part before the colon, in the order of the alphabet. */
export function byArea(permissions: readonly Permission[], text = ''): [string, Permission[]][] {
	const wanted = text.trim().toLowerCase();
	const areas = new Map<string, Permission[]>();
	for (const each of permissions) {
		if (wanted && !`${each.name} ${each.description}`.toLowerCase().includes(wanted)) continue;
		const area = each.name.split(':')[0]!;
		areas.set(area, [...(areas.get(area) ?? []), each]);
	}
	return [...areas].sort(([one], [other]) => one.localeCompare(other));
}

/** An id for a role of this name: what the server takes. */
export function idFor(name: string): string {
	return name
		.toLowerCase()
		.replaceAll('ä', 'ae')
		.replaceAll('ö', 'oe')
		.replaceAll('ü', 'ue')
		.replaceAll('ß', 'ss')
		.normalize('NFKD')
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^-+|-+$/g, '')
		.slice(0, 63);
}
