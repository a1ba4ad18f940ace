/** What kinds of nodes look like: the same on every page. */
import Bell from '@lucide/svelte/icons/bell';
import Box from '@lucide/svelte/icons/box';
import CircleX from '@lucide/svelte/icons/circle-x';
import Clock from '@lucide/svelte/icons/clock';
import Flag from '@lucide/svelte/icons/flag';
import GitFork from '@lucide/svelte/icons/git-fork';
import Globe from '@lucide/svelte/icons/globe';
import Pencil from '@lucide/svelte/icons/pencil';
import Play from '@lucide/svelte/icons/play';
import Puzzle from '@lucide/svelte/icons/puzzle';
import Radio from '@lucide/svelte/icons/radio';
import Repeat from '@lucide/svelte/icons/repeat';
import Split from '@lucide/svelte/icons/split';
import SquareFunction from '@lucide/svelte/icons/square-function';
import Unplug from '@lucide/svelte/icons/unplug';
import UserRoundCheck from '@lucide/svelte/icons/user-round-check';
import Workflow from '@lucide/svelte/icons/workflow';
import type { Component } from 'svelte';
import { tintOf } from '#lib/integrations/icons';
import { m } from '#lib/paraglide/messages';
import { panelIcon, said } from '#lib/plugins/words';
import { baseType, isOfPlugin } from './definition';
import { pluginNodes } from './plugin-nodes.svelte';

interface Look {
	icon: Component<{ size?: number | string; class?: string }>;
	/** Ground and ink of its icon. */
	tint: string;
	label: () => string;
}

const LOOKS: Record<string, Look> = {
	start: { icon: Play, tint: 'bg-ok-soft text-ok', label: m.node_start },
	end: { icon: Flag, tint: 'bg-sunken text-soft', label: m.node_end },
	action: { icon: SquareFunction, tint: 'bg-info-soft text-info', label: m.node_action },
	http: { icon: Globe, tint: 'bg-info-soft text-info', label: m.node_http },
	decision: { icon: Split, tint: 'bg-warn-soft text-warn', label: m.node_decision },
	wait: { icon: Clock, tint: 'bg-warn-soft text-warn', label: m.node_wait },
	'human-task': { icon: UserRoundCheck, tint: 'bg-undo-soft text-undo', label: m.node_human_task },
	parallel: { icon: GitFork, tint: 'bg-warn-soft text-warn', label: m.node_parallel },
	set: { icon: Pencil, tint: 'bg-sunken text-soft', label: m.node_set },
	loop: { icon: Repeat, tint: 'bg-warn-soft text-warn', label: m.node_loop },
	subworkflow: { icon: Workflow, tint: 'bg-accent-soft text-accent', label: m.node_subworkflow },
	emit: { icon: Radio, tint: 'bg-accent-soft text-accent', label: m.node_emit },
	notification: { icon: Bell, tint: 'bg-accent-soft text-accent', label: m.node_notification },
	fail: { icon: CircleX, tint: 'bg-bad-soft text-bad', label: m.node_fail }
};

const UNKNOWN: Look = { icon: Box, tint: 'bg-sunken text-soft', label: m.node_unknown };

export function lookOf(type: string): Look {
	return LOOKS[baseType(type)] ?? (isOfPlugin(type) ? pluginLook(type) : UNKNOWN);
}

/** As the plugin says; a plug that is pulled out where the plugin is not there. */
function pluginLook(type: string): Look {
	const part = pluginNodes.find(type);
	if (part) return { icon: panelIcon(part.icon), tint: tintOf(part.id), label: () => said(part.titles) };
	return { icon: pluginNodes.isKnown ? Unplug : Puzzle, tint: 'bg-sunken text-soft', label: () => type };
}
