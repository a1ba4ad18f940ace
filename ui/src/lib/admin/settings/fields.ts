/** What can be configured, for a tenant and for the platform as a whole. */
import { m } from '#lib/paraglide/messages';

export type Kind = 'switch' | 'number' | 'text' | 'colour' | 'score';
export type SectionName = 'security' | 'limits' | 'branding' | 'dataRetention';

export interface Setting {
	name: string;
	kind: Kind;
	label: () => string;
	help?: () => string;
	unit?: () => string;
	/** It is stored, and nothing acts on it yet. */
	isIdle?: boolean;
	min?: number;
	max?: number;
}

export interface SettingSection {
	name: SectionName;
	label: () => string;
	/** Tenants cannot set it themselves. */
	forOperators?: boolean;
	settings: Setting[];
}

const YEAR = 525_600;

export const SECTIONS: SettingSection[] = [
	{
		name: 'security',
		label: m.admin_settings_security,
		settings: [
			{ name: 'requireMfa', kind: 'switch', label: m.admin_settings_mfa, help: m.admin_settings_mfa_help },
			{
				name: 'minPasswordScore',
				kind: 'score',
				label: m.admin_settings_password,
				help: m.admin_settings_password_help
			},
			{
				name: 'sessionIdleMinutes',
				kind: 'number',
				label: m.admin_settings_idle,
				unit: m.admin_settings_minutes,
				min: 5,
				max: YEAR
			},
			{
				name: 'sessionMaxMinutes',
				kind: 'number',
				label: m.admin_settings_max,
				unit: m.admin_settings_minutes,
				min: 5,
				max: YEAR
			},
			{
				name: 'apiKeyMaxDays',
				kind: 'number',
				label: m.admin_settings_keys,
				unit: m.admin_settings_days,
				min: 1
			},
			{
				name: 'openRegistration',
				kind: 'switch',
				label: m.admin_settings_registration,
				help: m.admin_settings_registration_help
			},
			{ name: 'encryptionEnabled', kind: 'switch', label: m.admin_settings_encryption, isIdle: true }
		]
	},
	{
		name: 'branding',
		label: m.admin_settings_branding,
		settings: [
			{ name: 'productName', kind: 'text', label: m.admin_settings_product },
			{ name: 'logoUrl', kind: 'text', label: m.admin_settings_logo },
			{ name: 'primaryColor', kind: 'colour', label: m.admin_settings_colour }
		]
	},
	{
		name: 'dataRetention',
		label: m.admin_settings_retention,
		settings: [
			{
				name: 'executionsDays',
				kind: 'number',
				label: m.admin_settings_executions_days,
				unit: m.admin_settings_days,
				isIdle: true,
				min: 1
			},
			{
				name: 'auditDays',
				kind: 'number',
				label: m.admin_settings_audit_days,
				unit: m.admin_settings_days,
				isIdle: true,
				min: 1
			}
		]
	},
	{
		name: 'limits',
		label: m.admin_settings_limits,
		forOperators: true,
		settings: [
			{ name: 'maxUsers', kind: 'number', label: m.admin_settings_users, min: 1 },
			{ name: 'maxWorkflows', kind: 'number', label: m.admin_settings_workflows, min: 1 },
			{ name: 'maxRunningExecutions', kind: 'number', label: m.admin_settings_running, isIdle: true, min: 1 },
			{ name: 'maxRequestsPerMinute', kind: 'number', label: m.admin_settings_requests, min: 1 }
		]
	}
];

/** What is set, by section; whatever is absent falls back. */
export type Own = Record<string, unknown>;

/** The value of a setting; undefined where it falls back. */
export function valueOf(configuration: Own, section: string, name: string): unknown {
	const values = configuration[section];
	if (typeof values !== 'object' || values === null) return undefined;
	return (values as Record<string, unknown>)[name];
}

/** The configuration with one setting changed; undefined lets it fall back. Sections without any are left out. */
export function withValue(configuration: Own, section: string, name: string, value: unknown): Own {
	const values = { ...((configuration[section] ?? {}) as Record<string, unknown>) };
	if (value === undefined) delete values[name];
	else values[name] = value;
	const { [section]: _old, ...rest } = configuration;
	return Object.keys(values).length === 0 ? rest : { ...rest, [section]: values };
}
