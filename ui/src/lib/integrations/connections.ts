/** What is done with connections. Each throws what the server says against it. */
import { everyPage } from '#lib/api/every-page';
import { Problem } from '#lib/api/problem';
import { api, ask, askWhole, idempotent, type Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import { session } from '#lib/session/session.svelte';
import { confirmed } from '#lib/ui/confirm.svelte';
import { entered } from './connection-form';
import type { AuthType, Connection } from './words';

export interface Wanted {
	integrationId: string;
	name: string;
	isPersonal: boolean;
	isDefault: boolean;
	authType: AuthType;
	config: unknown;
	credentials: unknown;
	scopes: string[];
}

/** All connections to an integration that the person may use; none where they may see none. */
export async function connectionsTo(integrationId: string, signal?: AbortSignal): Promise<Connection[]> {
	if (!session.can('connection:read')) return [];
	return everyPage((page) =>
		ask(
			api.GET('/api/v1/connections', {
				params: { query: { ...page, integrationId } },
				...(signal && { signal })
			})
		)
	);
}

/**
 * Store a connection, and try it.
 *
 * @param stored as it was; a new one is made where there is none. Only what differs is changed.
 */
export async function save(stored: Connection | undefined, wanted: Wanted): Promise<Connection> {
	const config = entered(wanted.config) ?? {};
	const credentials = entered(wanted.credentials);
	const { authType, name, scopes, isDefault } = wanted;
	if (!stored) {
		const { integrationId, isPersonal } = wanted;
		const body = {
			integrationId,
			name,
			isPersonal,
			isDefault,
			authType,
			config,
			scopes,
			credentials: credentials ?? {}
		};
		return ask(api.POST('/api/v1/connections', { params: { header: idempotent() }, body: body as never }));
	}
	const body = {
		...(name !== stored.name && { name }),
		...(authType !== stored.authType && { authType }),
		...(isDefault !== stored.isDefault && { isDefault }),
		...(JSON.stringify(scopes) !== JSON.stringify(stored.scopes) && { scopes }),
		...(JSON.stringify(config) !== JSON.stringify(stored.config) && { config }),
		...(credentials && { credentials })
	};
	if (Object.keys(body).length === 0) return act(stored.id, 'test');
	return change(stored.id, body);
}

/** Change what is given of a connection as it is now. */
export async function change(connection_id: string, body: object): Promise<Connection> {
	const params = { path: { connection_id }, header: await ifUnchanged(connection_id) };
	return ask(
		api.PATCH('/api/v1/connections/{connection_id}', { params, body: body as Schemas['ConnectionPatch'] })
	);
}

export type Act = 'test' | 'reset' | 'enable' | 'disable' | 'disconnect';

/** Do something with a connection. */
export async function act(connection_id: string, what: Act): Promise<Connection> {
	const params = { path: { connection_id }, header: idempotent() };
	return ask(api.POST(`/api/v1/connections/{connection_id}/${what}`, { params }));
}

/** Go to where access is allowed; the way back leads to the connection's page. */
export async function allowAccess(connection_id: string): Promise<void> {
	const params = { path: { connection_id } };
	const begun = await ask(api.POST('/api/v1/connections/{connection_id}/authorize', { params }));
	location.assign(begun.authorizationUrl);
}

/**
 * Remove a connection, once the person has said so; again where published workflows name it, which the question says.
 *
 * @returns whether it is gone.
 */
export async function remove(connection: Connection): Promise<boolean> {
	const question = {
		title: m.integrations_delete_title({ name: connection.name }),
		body: m.integrations_delete_text(),
		action: m.common_delete(),
		danger: true
	};
	if (!(await confirmed(question))) return false;
	try {
		await removed(connection.id, false);
		return true;
	} catch (error) {
		if (!(error instanceof Problem) || error.code !== 'connection_in_use') throw error;
		const used = {
			title: m.integrations_delete_used_title({ name: connection.name }),
			body: error.message,
			action: m.integrations_delete_anyway(),
			danger: true,
			typed: connection.name
		};
		if (!(await confirmed(used))) return false;
		await removed(connection.id, true);
		return true;
	}
}

async function removed(connection_id: string, force: boolean): Promise<void> {
	const params = { path: { connection_id }, query: { force }, header: await ifUnchanged(connection_id) };
	await ask(api.DELETE('/api/v1/connections/{connection_id}', { params }));
}

async function ifUnchanged(connection_id: string): Promise<{ 'if-match'?: string }> {
	const params = { path: { connection_id } };
	const { response } = await askWhole(api.GET('/api/v1/connections/{connection_id}', { params }));
	const tag = response.headers.get('etag');
	return tag ? { 'if-match': tag } : {};
}
