/** Policies to begin with, each with what it is for. */
import { m } from '#lib/paraglide/messages';

export interface Example {
	name: () => string;
	description: () => string;
	source: string;
}

export const EXAMPLES: Example[] = [
	{
		name: m.admin_policies_example_four_eyes,
		description: m.admin_policies_example_four_eyes_text,
		source: `forbid(principal, action == Action::"task:complete", resource)
when { resource has startedBy && resource.startedBy == principal.id };
`
	},
	{
		name: m.admin_policies_example_amount,
		description: m.admin_policies_example_amount_text,
		source: `forbid(principal, action == Action::"task:complete", resource in Workflow::"purchase")
when { resource has amount && resource.amount > 10000 }
unless { principal has department && principal.department == "finance" };
`
	},
	{
		name: m.admin_policies_example_hours,
		description: m.admin_policies_example_hours_text,
		source: `forbid(principal, action == Action::"workflow:publish", resource)
unless { context.hour >= 8 && context.hour < 18 && context.weekday <= 5 && context.mfa };
`
	},
	{
		name: m.admin_policies_example_network,
		description: m.admin_policies_example_network_text,
		source: `forbid(principal is Service, action, resource)
unless { context has address && context.address.isInRange(ip("10.0.0.0/8")) };
`
	},
	{
		name: m.admin_policies_example_permit,
		description: m.admin_policies_example_permit_text,
		source: `permit(principal in Group::"auditors", action == Action::"execution:read", resource);
`
	}
];

/** Whether a policy allows or forbids: by the word that it begins with, after comments. */
export function effectOf(source: string): 'permit' | 'forbid' | undefined {
	const text = source.replace(/\/\/.*$/gm, '').replace(/@\w+\s*\("[^"]*"\)/g, '');
	const word = /^\s*(permit|forbid)\b/.exec(text)?.[1];
	return word as 'permit' | 'forbid' | undefined;
}
