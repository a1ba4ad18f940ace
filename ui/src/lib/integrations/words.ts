/** What categories and ways of signing in are called. */
import { words } from '#lib/forms/schema';
import { m } from '#lib/paraglide/messages';
import type { Schemas } from '#lib/api/rest';

export type Integration = Schemas['IntegrationOut'];
export type IntegrationDetail = Schemas['IntegrationDetail'];
export type IntegrationAction = Schemas['IntegrationActionOut'];
export type Connection = Schemas['ConnectionOut'];
export type AuthType = Integration['authType'];

const CATEGORIES: Record<string, () => string> = {
	database: m.integrations_category_database,
	developer: m.integrations_category_developer,
	directory: m.integrations_category_directory,
	files: m.integrations_category_files,
	imported: m.integrations_category_imported,
	messaging: m.integrations_category_messaging,
	observability: m.integrations_category_observability,
	storage: m.integrations_category_storage
};

/** A category; one that somebody has made up is called as they wrote it. */
export function categoryLabel(category: string): string {
	return CATEGORIES[category]?.() ?? words(category);
}

const AUTHS: Record<AuthType, () => string> = {
	NONE: m.integrations_auth_none,
	API_KEY: m.integrations_auth_api_key,
	BASIC: m.integrations_auth_basic,
	BEARER: m.integrations_auth_bearer,
	OAUTH2: m.integrations_auth_oauth2,
	MUTUAL_TLS: m.integrations_auth_mutual_tls,
	CUSTOM: m.integrations_auth_custom
};

/** A way of signing in, by the integration's own word for it where it has one. */
export function authLabel(type: AuthType, title?: string | null): string {
	const label = AUTHS[type]();
	return title && title !== label ? (type === 'CUSTOM' ? title : `${label} (${title})`) : label;
}

/** The name of the integration whose action a definition names: what stands before the first dot. */
export function integrationOf(action: string): string {
	return action.split('.', 1)[0] ?? '';
}
