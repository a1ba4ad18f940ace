/** What plugins, and the pages that they describe, are called and look like. */
import Blocks from '@lucide/svelte/icons/blocks';
import Building from '@lucide/svelte/icons/building-2';
import ChartColumn from '@lucide/svelte/icons/chart-column';
import ClipboardList from '@lucide/svelte/icons/clipboard-list';
import Database from '@lucide/svelte/icons/database';
import FileText from '@lucide/svelte/icons/file-text';
import Gauge from '@lucide/svelte/icons/gauge';
import Puzzle from '@lucide/svelte/icons/puzzle';
import Shield from '@lucide/svelte/icons/shield';
import Stamp from '@lucide/svelte/icons/stamp';
import Table from '@lucide/svelte/icons/table';
import Users from '@lucide/svelte/icons/users';
import Zap from '@lucide/svelte/icons/zap';
import type { Component } from 'svelte';
import type { Schemas } from '#lib/api/rest';
import { locale } from '#lib/i18n/locale.svelte';
import { m } from '#lib/paraglide/messages';
import type { Tone } from '#lib/ui/tone';

export type Plugin = Schemas['PluginOut'];
export type PluginDetail = Schemas['PluginDetail'];
export type Panel = Schemas['PanelOut'];
export type PanelSection = Panel['sections'][number];
export type PanelTable = Schemas['TableOut'];
export type PanelForm = Schemas['FormOut'];
export type PanelDetails = Schemas['DetailsOut'];
export type PanelAction = Schemas['PanelActionOut'];
export type PanelColumn = Schemas['ColumnOut'];

export const STATES: Record<Plugin['state'], { label: () => string; tone: Tone }> = {
	STARTED: { label: m.plugins_state_started, tone: 'ok' },
	STOPPED: { label: m.plugins_state_stopped, tone: 'neutral' },
	FAILED: { label: m.plugins_state_failed, tone: 'bad' }
};

export const TYPES: Record<Plugin['types'][number], () => string> = {
	CORE_EXTENSION: m.plugins_type_core_extension,
	CONNECTOR: m.plugins_type_connector,
	WORKFLOW_ACTION: m.plugins_type_workflow_action,
	NODE_TYPE: m.plugins_type_node_type,
	SECURITY: m.plugins_type_security,
	UI_PANEL: m.plugins_type_ui_panel
};

export const CAPABILITIES: Record<Plugin['capabilities'][number], () => string> = {
	network: m.plugins_capability_network,
	database: m.plugins_capability_database,
	files: m.plugins_capability_files,
	secrets: m.plugins_capability_secrets,
	processes: m.plugins_capability_processes
};

/** How a value of a panel looks: the plugin's words for it, in the app's. */
export const TONES: Record<Schemas['ValueOut']['tone'], Tone> = {
	neutral: 'neutral',
	good: 'ok',
	warn: 'warn',
	bad: 'bad'
};

const ICONS: Record<string, Component<{ size?: number | string; class?: string }>> = {
	blocks: Blocks,
	'building-2': Building,
	'chart-column': ChartColumn,
	'clipboard-list': ClipboardList,
	database: Database,
	'file-text': FileText,
	gauge: Gauge,
	puzzle: Puzzle,
	shield: Shield,
	stamp: Stamp,
	table: Table,
	users: Users,
	zap: Zap
};

/** The icon of a panel; a piece of a puzzle where the app has none of that name. */
export function panelIcon(name: string): Component<{ size?: number | string; class?: string }> {
	return ICONS[name] ?? Puzzle;
}

/** A text of a plugin's in the person's language, else in English. */
export function said(texts: Readonly<Record<string, string>>): string {
	return texts[locale.current] ?? texts['en'] ?? '';
}
