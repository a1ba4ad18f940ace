import { describe, expect, test } from 'vitest';
import {
	configForm,
	credentialsForm,
	entered,
	freeName,
	isAllowedByPeople,
	type Auth
} from './connection-form';
import type { IntegrationDetail } from './words';

const BASIC: Auth = {
	type: 'BASIC',
	title: null,
	credentialsSchema: {
		type: 'object',
		required: ['username', 'password'],
		properties: {
			username: { type: 'string', 'x-public': true, default: 'admin' },
			password: { type: 'string' },
			place: { enum: ['header', 'query'], 'x-public': true }
		}
	},
	grants: [],
	scopes: []
};

describe('the form for credentials', () => {
	test('hides what is secret, and asks for what is needed', () => {
		const { required, properties } = credentialsForm(BASIC, false) as Record<string, never>;
		expect(required).toEqual(['username', 'password']);
		expect(properties).toMatchObject({ username: { default: 'admin' }, password: { format: 'password' } });
		expect(properties?.['username']).not.toHaveProperty('format');
		expect(properties?.['place']).not.toHaveProperty('format');
	});

	test('asks for nothing, and fills nothing in, where there are credentials to keep', () => {
		const form = credentialsForm(BASIC, true) as Record<string, Record<string, object>>;
		expect(form).not.toHaveProperty('required');
		expect(form['properties']?.['username']).not.toHaveProperty('default');
	});
});

test('only who signs in by OAuth is asked where tokens come from', () => {
	const configSchema = { properties: { baseUrl: { type: 'string' }, tokenUrl: { type: 'string' } } };
	const http = { configSchema } as unknown as IntegrationDetail;
	const names = (auth: Auth) => Object.keys(configForm(http, auth)['properties'] as object);
	expect(names(BASIC)).toEqual(['baseUrl']);
	expect(names({ ...BASIC, type: 'OAUTH2' })).toEqual(['baseUrl', 'tokenUrl']);
});

test('people allow access where there is a code for it', () => {
	expect(isAllowedByPeople({ ...BASIC, type: 'OAUTH2', grants: ['authorization_code'] })).toBe(true);
	expect(isAllowedByPeople({ ...BASIC, type: 'OAUTH2', grants: ['client_credentials'] })).toBe(false);
	expect(isAllowedByPeople(BASIC)).toBe(false);
	const schema = { properties: { authorizationUrl: { type: 'string' } } };
	const auth: Auth = { ...BASIC, type: 'OAUTH2', grants: ['client_credentials', 'authorization_code'] };
	expect(isAllowedByPeople(auth, { schema, config: {} })).toBe(false);
	expect(isAllowedByPeople(auth, { schema, config: { authorizationUrl: 'https://id.example.com' } })).toBe(
		true
	);
});

test('what is left empty is not sent', () => {
	expect(entered({ username: 'ada', password: '', more: undefined })).toEqual({ username: 'ada' });
	expect(entered({ password: '' })).toBeUndefined();
	expect(entered(undefined)).toBeUndefined();
});

test('a new connection has a name of its own', () => {
	expect(freeName('slack', [])).toBe('slack');
	expect(freeName('slack', [{ name: 'slack' }, { name: 'slack-2' }])).toBe('slack-3');
});
