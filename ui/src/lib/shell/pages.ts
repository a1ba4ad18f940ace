/** The pages of the app: what the navigation and the search offer, to those who may see them. */
import Activity from '@lucide/svelte/icons/activity';
import Blocks from '@lucide/svelte/icons/blocks';
import Building2 from '@lucide/svelte/icons/building-2';
import CircleCheckBig from '@lucide/svelte/icons/circle-check-big';
import Gauge from '@lucide/svelte/icons/gauge';
import KeyRound from '@lucide/svelte/icons/key-round';
import Library from '@lucide/svelte/icons/library';
import LayoutTemplate from '@lucide/svelte/icons/layout-template';
import Lock from '@lucide/svelte/icons/lock';
import Plug from '@lucide/svelte/icons/plug';
import Puzzle from '@lucide/svelte/icons/puzzle';
import ScrollText from '@lucide/svelte/icons/scroll-text';
import Settings from '@lucide/svelte/icons/settings';
import Shield from '@lucide/svelte/icons/shield';
import Users from '@lucide/svelte/icons/users';
import UsersRound from '@lucide/svelte/icons/users-round';
import Variable from '@lucide/svelte/icons/variable';
import Webhook from '@lucide/svelte/icons/webhook';
import Workflow from '@lucide/svelte/icons/workflow';
import Zap from '@lucide/svelte/icons/zap';
import Server from '@lucide/svelte/icons/server';
import type { Component } from 'svelte';
import { m } from '#lib/paraglide/messages';
import { panels } from '#lib/plugins/panels.svelte';
import { panelIcon, said } from '#lib/plugins/words';
import { session } from '#lib/session/session.svelte';
import { inbox } from '#lib/tasks/inbox.svelte';

export interface Page {
	href: string;
	label: () => string;
	icon: Component<{ size?: number | string; class?: string }>;
	/** The permission without which there is nothing to see; none: for everybody. */
	permission?: string;
	/** How many things wait there. */
	waiting?: () => number | undefined;
}

export interface Section {
	label?: () => string;
	/** Only for operators of the platform. */
	isPlatform?: boolean;
	pages: Page[];
}

export const SECTIONS: Section[] = [
	{
		pages: [
			{ href: '/', label: m.shell_dashboard, icon: Gauge },
			{
				href: '/tasks',
				label: m.shell_tasks,
				icon: CircleCheckBig,
				permission: 'task:read',
				waiting: () => inbox.waiting
			},
			{ href: '/workflows', label: m.shell_workflows, icon: Workflow, permission: 'workflow:read' },
			{ href: '/library', label: m.shell_library, icon: Library, permission: 'library:read' },
			{ href: '/executions', label: m.shell_executions, icon: Activity, permission: 'execution:read' },
			{ href: '/triggers', label: m.shell_triggers, icon: Zap, permission: 'trigger:read' },
			{ href: '/integrations', label: m.shell_integrations, icon: Blocks, permission: 'integration:read' },
			{ href: '/connections', label: m.shell_connections, icon: Plug, permission: 'connection:read' }
		]
	},
	{
		label: m.shell_administration,
		pages: [
			{ href: '/users', label: m.shell_users, icon: Users, permission: 'user:read' },
			{ href: '/groups', label: m.shell_groups, icon: UsersRound, permission: 'user:read' },
			{ href: '/roles', label: m.shell_roles, icon: Shield, permission: 'role:read' },
			{ href: '/policies', label: m.shell_policies, icon: Lock, permission: 'policy:read' },
			// everybody has keys of their own
			{ href: '/api-keys', label: m.shell_api_keys, icon: KeyRound },
			{ href: '/variables', label: m.shell_variables, icon: Variable, permission: 'variable:read' },
			{
				href: '/message-templates',
				label: m.shell_templates,
				icon: LayoutTemplate,
				permission: 'message-template:read'
			},
			{ href: '/webhooks', label: m.shell_webhooks, icon: Webhook, permission: 'webhook:read' },
			{ href: '/plugins', label: m.shell_plugins, icon: Puzzle, permission: 'plugin:read' },
			{ href: '/audit', label: m.shell_audit, icon: ScrollText, permission: 'audit:read' },
			{ href: '/settings', label: m.shell_settings, icon: Settings }
		]
	},
	{
		label: m.shell_platform,
		isPlatform: true,
		pages: [
			{ href: '/platform', label: m.shell_platform, icon: Server },
			{ href: '/platform/tenants', label: m.shell_tenants, icon: Building2 }
		]
	}
];

/** The sections with what the person may see, without those that would be empty. */
export function visibleSections(): Section[] {
	return withPanels(SECTIONS)
		.filter((section) => !section.isPlatform || session.me?.isPlatformOperator)
		.map((section) => ({ ...section, pages: section.pages.filter((page) => isVisible(page)) }))
		.filter((section) => section.pages.length > 0);
}

/** The sections, and after the first the pages that plugins add. */
function withPanels([first, ...others]: Section[]): Section[] {
	const pages = (panels.all ?? []).map((each): Page => ({
		href: `/plugins/${each.pluginId}/${each.id}`,
		label: () => said(each.title),
		icon: panelIcon(each.icon)
	}));
	return [...(first ? [first] : []), { label: m.shell_plugins, pages }, ...others];
}

function isVisible(page: Page): boolean {
	return page.permission === undefined || session.can(page.permission);
}
