/** A decision in words. */
import type { Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';

type Reason = Schemas['ReasonOut'];

/** What one reason says. */
export function reasonText(reason: Reason): string {
	const name = reason.name ?? reason.id ?? '';
	switch (reason.kind) {
		case 'role':
			return m.admin_explain_role({ role: name });
		case 'grant':
			return reason.id ? m.admin_explain_grant_on({ workflow: reason.id }) : m.admin_explain_grant();
		case 'policy':
			if (reason.plugin) return m.admin_explain_plugin_forbids({ name, plugin: reason.plugin });
			return reason.effect === 'permit'
				? m.admin_explain_policy_permits({ name })
				: m.admin_explain_policy_forbids({ name });
		case 'error':
			return reason.plugin
				? m.admin_explain_plugin_error({ name, plugin: reason.plugin, message: reason.message ?? '' })
				: m.admin_explain_error({ name, message: reason.message ?? '' });
	}
}

/** Where a reason can be looked at. */
export function reasonHref(reason: Reason): string | undefined {
	if (reason.id === null) return undefined;
	if (reason.plugin) return '/policies?tab=plugins';
	switch (reason.kind) {
		case 'role':
			return `/roles/${reason.id}`;
		case 'grant':
			return '/roles?tab=grants';
		default:
			return `/policies/${reason.id}`;
	}
}

/** Why the decision is what it is, in one sentence. */
export function verdict(decision: Schemas['AccountOut'], action: string): string {
	const who = decision.subject.name;
	if (decision.allowed) return m.admin_explain_allowed({ who, action });
	if (decision.reasons.some((each) => each.kind === 'error'))
		return m.admin_explain_denied_error({ who, action });
	if (decision.reasons.some((each) => each.effect === 'forbid'))
		return m.admin_explain_denied_policy({ who, action });
	return m.admin_explain_denied_nothing({ who, action });
}
