/** What is granted to whom, in words. */
import { everyPage } from '#lib/api/every-page';
import { api, ask, type Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import { allRoles } from './roles';

export type Grant = Schemas['GrantOut'];
export type SubjectType = Schemas['SubjectType'];

export function subjectTypeLabel(type: SubjectType): string {
	return {
		user: m.admin_grants_user,
		group: m.admin_groups_group,
		role: m.admin_users_role,
		service_account: m.admin_keys_service_account
	}[type]();
}

/** Permissions that mean something on one workflow. */
export function concernsWorkflows(permission: string): boolean {
	return /^(workflow|execution|task):/.test(permission) && permission !== 'workflow:create';
}

/** What a grant's subject is called; its id where it cannot be seen. */
export async function subjectName(type: SubjectType, id: string, signal: AbortSignal): Promise<string> {
	try {
		switch (type) {
			case 'user': {
				const user = await ask(
					api.GET('/api/v1/users/{user_id}', { params: { path: { user_id: id } }, signal })
				);
				return user.name ?? user.email;
			}
			case 'group':
				return (
					await ask(api.GET('/api/v1/groups/{group_id}', { params: { path: { group_id: id } }, signal }))
				).name;
			case 'role':
				return (await ask(api.GET('/api/v1/roles/{role_id}', { params: { path: { role_id: id } }, signal })))
					.name;
			case 'service_account':
				return (
					await ask(
						api.GET('/api/v1/service-accounts/{account_id}', {
							params: { path: { account_id: id } },
							signal
						})
					)
				).name;
		}
	} catch {
		return id;
	}
}

/** What grants can be given to, of a kind. */
export async function subjects(type: SubjectType, signal: AbortSignal) {
	switch (type) {
		case 'user':
			return [];
		case 'group':
			return everyPage((query) => ask(api.GET('/api/v1/groups', { params: { query }, signal })));
		case 'role':
			return allRoles(signal);
		case 'service_account':
			return everyPage((query) => ask(api.GET('/api/v1/service-accounts', { params: { query }, signal })));
	}
}
