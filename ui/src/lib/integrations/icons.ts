/** What integrations look like: an icon by the name that the server tells, or the letters that they begin with. */
import Archive from '@lucide/svelte/icons/archive';
import BookUser from '@lucide/svelte/icons/book-user';
import ChartLine from '@lucide/svelte/icons/chart-line';
import Contact from '@lucide/svelte/icons/contact';
import Database from '@lucide/svelte/icons/database';
import FileSpreadsheet from '@lucide/svelte/icons/file-spreadsheet';
import FolderSync from '@lucide/svelte/icons/folder-sync';
import GitBranch from '@lucide/svelte/icons/git-branch';
import Globe from '@lucide/svelte/icons/globe';
import Hash from '@lucide/svelte/icons/hash';
import Inbox from '@lucide/svelte/icons/inbox';
import Layers from '@lucide/svelte/icons/layers';
import Mail from '@lucide/svelte/icons/mail';
import MessagesSquare from '@lucide/svelte/icons/messages-square';
import Network from '@lucide/svelte/icons/network';
import Plug from '@lucide/svelte/icons/plug';
import Rabbit from '@lucide/svelte/icons/rabbit';
import Radio from '@lucide/svelte/icons/radio';
import Telescope from '@lucide/svelte/icons/telescope';
import Waypoints from '@lucide/svelte/icons/waypoints';
import Webhook from '@lucide/svelte/icons/webhook';
import type { Component } from 'svelte';

export type Icon = Component<{ size?: number | string; class?: string }>;

const ICONS: Record<string, Icon> = {
	archive: Archive,
	'book-user': BookUser,
	'chart-line': ChartLine,
	contact: Contact,
	database: Database,
	'file-spreadsheet': FileSpreadsheet,
	'folder-sync': FolderSync,
	'git-branch': GitBranch,
	globe: Globe,
	hash: Hash,
	inbox: Inbox,
	layers: Layers,
	mail: Mail,
	'messages-square': MessagesSquare,
	network: Network,
	rabbit: Rabbit,
	radio: Radio,
	telescope: Telescope,
	waypoints: Waypoints,
	webhook: Webhook
};

/** Where only an icon will do, and the integration has none of ours. */
export const ANY: Icon = Plug;

const TINTS = [
	'bg-info-soft text-info',
	'bg-ok-soft text-ok',
	'bg-accent-soft text-accent',
	'bg-undo-soft text-undo',
	'bg-warn-soft text-warn'
] as const;

/** The icon of a name; undefined where the app has none. */
export function iconOf(name: string): Icon | undefined {
	return ICONS[name];
}

/** The one or two letters by which something is known that has no icon: `Pet store` is `PS`. */
export function monogram(title: string): string {
	const words = title
		.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
		.split(/[^\p{L}\p{N}]+/u)
		.filter(Boolean);
	const [first = '?', second] = words;
	const letters = second ? first.slice(0, 1) + second.slice(0, 1) : first.slice(0, 2);
	return letters.toUpperCase();
}

/** Ground and ink of an integration: always the same for one name. */
export function tintOf(name: string): string {
	let sum = 0;
	for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997;
	return TINTS[sum % TINTS.length] ?? TINTS[0];
}
