/** What can be put on the canvas: every kind of node, and every action that there is. */
import type { Component } from 'svelte';
import { ANY, iconOf, tintOf } from '#lib/integrations/icons';
import { lookOf } from '#lib/graph/looks';
import { m } from '#lib/paraglide/messages';
import { panelIcon, said } from '#lib/plugins/words';
import type { FoundAction } from '../actions/actions.svelte';
import type { Catalogue } from '../document/document.svelte';
import { freeId, idFrom, type NodeDefinition } from '../document/definition';

export type Group = 'flow' | 'people' | 'work' | 'messages' | 'start-end' | 'actions';

/** A node without its id. */
interface Preset {
	type: string;
	[field: string]: unknown;
}

export interface PaletteItem {
	/** Unique in the palette. */
	key: string;
	group: Group | `integration:${string}` | `plugin:${string}`;
	/** What the group is called, where that is not one of ours. */
	groupTitle?: string;
	title: string;
	description: string;
	icon: Component<{ size?: number | string; class?: string }>;
	tint: string;
	preset: Preset;
}

/** The kind of data that an item is dragged as. */
export const DRAGGED = 'application/x-weftline-item';

type Made = [group: Group, key: string, title: () => string, text: () => string, preset: Preset];

const KINDS: Made[] = [
	['start-end', 'start', m.node_start, m.designer_canvas_about_start, { type: 'start' }],
	['start-end', 'end', m.node_end, m.designer_canvas_about_end, { type: 'end' }],
	['start-end', 'fail', m.node_fail, m.designer_canvas_about_fail, { type: 'fail', code: '', message: '' }],
	[
		'flow',
		'decision',
		m.node_decision,
		m.designer_canvas_about_decision,
		{ type: 'decision', condition: '' }
	],
	['flow', 'cases', m.designer_canvas_cases, m.designer_canvas_about_cases, { type: 'decision', cases: [] }],
	['flow', 'parallel', m.node_parallel, m.designer_canvas_about_parallel, { type: 'parallel', branches: [] }],
	['flow', 'loop', m.node_loop, m.designer_canvas_about_loop, { type: 'loop', forEach: '' }],
	['flow', 'event', m.designer_canvas_event, m.designer_canvas_about_event, { type: 'wait', event: '' }],
	['flow', 'delay', m.designer_canvas_delay, m.designer_canvas_about_delay, { type: 'wait', duration: '1h' }],
	[
		'flow',
		'subworkflow',
		m.node_subworkflow,
		m.designer_canvas_about_subworkflow,
		{ type: 'subworkflow', workflow: '' }
	],
	['people', 'human-task', m.node_human_task, m.designer_canvas_about_task, { type: 'human-task' }],
	['people', 'approval', m.designer_canvas_approval, m.designer_canvas_about_approval, { type: 'approval' }],
	['work', 'action', m.node_action, m.designer_canvas_about_action, { type: 'action', action: '' }],
	['work', 'http', m.node_http, m.designer_canvas_about_http, { type: 'http', method: 'GET', url: '' }],
	['work', 'set', m.node_set, m.designer_canvas_about_set, { type: 'set', values: {} }],
	[
		'messages',
		'notification',
		m.node_notification,
		m.designer_canvas_about_notification,
		{ type: 'notification', channel: 'email', to: '' }
	],
	['messages', 'emit', m.node_emit, m.designer_canvas_about_emit, { type: 'emit', event: '' }]
];

const ORDER: readonly Group[] = ['start-end', 'flow', 'people', 'work', 'messages'];

/**
 * Everything there is, in the order in which it is shown.
 *
 * @param isElsewhere whether an action is one of an integration's: these are found by the server.
 */
export function paletteOf(
	catalogue: Catalogue | undefined,
	isElsewhere: (action: string) => boolean = () => false
): PaletteItem[] {
	const known = catalogue && new Set(catalogue.nodeTypes.flatMap((each) => [each.type, ...each.aliases]));
	const kinds = KINDS.filter(([, , , , preset]) => known?.has(preset.type) ?? true).map(
		([group, key, title, text, preset]): PaletteItem => {
			const { icon, tint } = lookOf(preset.type);
			return { key, group, title: title(), description: text(), icon, tint, preset };
		}
	);
	const own = (catalogue?.actions ?? []).filter((action) => !isElsewhere(action.name));
	const actions = own.map((action): PaletteItem => {
		const { icon, tint } = lookOf('action');
		const preset = {
			type: 'action',
			action: action.name,
			...(action.queue && { queue: action.queue }),
			...(action.compensate && { compensate: action.compensate })
		};
		const key = `action:${action.queue ?? ''}:${action.name}`;
		const description = action.description ?? action.name;
		return { key, group: 'actions', title: action.title, description, icon, tint, preset };
	});
	const ours = ORDER.flatMap((group) => kinds.filter((item) => item.group === group));
	return [...ours, ...pluginItems(catalogue), ...actions];
}

/** The kinds of nodes of plugins, plugin by plugin. */
function pluginItems(catalogue: Catalogue | undefined): PaletteItem[] {
	return (catalogue?.nodeTypes ?? []).flatMap(({ type, plugin }): PaletteItem[] => {
		if (!plugin) return [];
		const title = said(plugin.titles);
		const look = { icon: panelIcon(plugin.icon), tint: tintOf(plugin.id) };
		const group = { group: `plugin:${plugin.id}`, groupTitle: plugin.name } as const;
		return [
			{
				key: type,
				...group,
				title,
				description: said(plugin.descriptions) || title,
				...look,
				preset: { type }
			}
		];
	});
}

/** An action of an integration. */
export function itemOf({ action, integration }: FoundAction): PaletteItem {
	return {
		key: `integration:${action.id}`,
		group: `integration:${integration.id}`,
		groupTitle: integration.displayName,
		title: action.displayName,
		description: action.description || action.id,
		icon: iconOf(integration.icon) ?? ANY,
		tint: tintOf(integration.id),
		preset: { type: 'action', name: action.displayName, action: action.id }
	};
}

export function groupLabel({ group, groupTitle }: PaletteItem): string {
	const labels: Record<string, () => string> = {
		flow: m.designer_canvas_group_flow,
		people: m.designer_canvas_group_people,
		work: m.designer_canvas_group_work,
		messages: m.designer_canvas_group_messages,
		'start-end': m.designer_canvas_group_start_end,
		actions: m.designer_canvas_group_actions
	};
	return groupTitle ?? labels[group]?.() ?? group;
}

/** The items in which every word of a search is found. */
export function matching(items: readonly PaletteItem[], wanted: string): PaletteItem[] {
	const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
	return items.filter((item) => {
		const text = `${item.title} ${item.description} ${item.key} ${item.preset.type}`.toLowerCase();
		return words.every((word) => text.includes(word));
	});
}

/** A node as an item makes it, with an id that is free. */
export function nodeFrom(item: PaletteItem, taken: ReadonlySet<string>): NodeDefinition {
	const action = typeof item.preset['action'] === 'string' ? item.preset['action'] : '';
	const wanted = idFrom(action || item.title);
	const stem = /^[a-z_]/.test(wanted) ? wanted : `step-${wanted}`.replace(/-$/, '');
	return { ...structuredClone(item.preset), id: freeId(stem, taken) } as NodeDefinition;
}
