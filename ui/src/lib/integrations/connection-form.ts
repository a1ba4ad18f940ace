/** What the dialog for a connection asks for, made of the schemas that its integration tells. */
import type { Schemas } from '#lib/api/rest';
import type { Connection, IntegrationDetail } from './words';

type JsonSchema = Record<string, unknown>;
export type Auth = Schemas['AuthOut'];

/** Configured for OAuth 2.0 alone, where an integration lets one sign in to servers of one's own choice. */
const FOR_OAUTH = new Set(['tokenUrl', 'authorizationUrl']);

/**
 * The form for credentials: nothing is shown that is secret.
 *
 * @param keeps what there is stays where a field is left empty: nothing is asked for.
 */
export function credentialsForm(auth: Auth, keeps: boolean): JsonSchema {
	const { required, ...schema } = auth.credentialsSchema as JsonSchema;
	const made = {
		...schema,
		properties: Object.fromEntries(
			Object.entries(propertiesOf(schema)).map(([name, field]) => [name, credentialField(field, keeps)])
		)
	};
	return keeps || required === undefined ? made : { ...made, required };
}

function credentialField(field: JsonSchema, keeps: boolean): JsonSchema {
	const { default: otherwise, ...rest } = field;
	const isSecret = field['x-public'] !== true && (field['type'] === undefined || field['type'] === 'string');
	return {
		...rest,
		...(isSecret && !Array.isArray(field['enum']) && { format: 'password' }),
		// what is left as it is must not become what it would be by itself
		...(!keeps && otherwise !== undefined && { default: otherwise })
	};
}

/** The form for everything else that a connection configures, as far as its way of signing in has use for it. */
export function configForm(integration: IntegrationDetail, auth: Auth): JsonSchema {
	if (auth.type === 'OAUTH2') return integration.configSchema as JsonSchema;
	// what was configured for OAuth before may stay
	const { additionalProperties: _, ...schema } = integration.configSchema as JsonSchema;
	const fields = Object.entries(propertiesOf(schema)).filter(([name]) => !FOR_OAUTH.has(name));
	return { ...schema, properties: Object.fromEntries(fields) };
}

/**
 * Whether somebody can allow access in a browser.
 *
 * @param configured where the integration leaves it to connections where that is: what one configures.
 */
export function isAllowedByPeople(
	auth: Auth | undefined,
	configured?: { schema: JsonSchema; config: unknown }
): boolean {
	if (auth?.type !== 'OAUTH2' || !auth.grants.includes('authorization_code')) return false;
	const isOpen = configured !== undefined && 'authorizationUrl' in propertiesOf(configured.schema);
	return !isOpen || entered(configured.config)?.['authorizationUrl'] !== undefined;
}

/** A name for a connection that is not taken: as the integration, or with a number. */
export function freeName(integration: string, taken: readonly Pick<Connection, 'name'>[]): string {
	const names = new Set(taken.map((each) => each.name));
	if (!names.has(integration)) return integration;
	for (let number = 2; ; number += 1)
		if (!names.has(`${integration}-${number}`)) return `${integration}-${number}`;
}

/** What was entered, without what was left empty; undefined where that is nothing. */
export function entered(value: unknown): Record<string, unknown> | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const given = Object.entries(value).filter(([, each]) => each !== undefined && each !== '');
	return given.length > 0 ? Object.fromEntries(given) : undefined;
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
	return (schema['properties'] ?? {}) as Record<string, JsonSchema>;
}
