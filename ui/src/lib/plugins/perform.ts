/** Buttons of plugins' pages: asks first where that is wanted, and calls the route. */
import { m } from '#lib/paraglide/messages';
import { confirmed } from '#lib/ui/confirm.svelte';
import { toast } from '#lib/ui/toast';
import { callPlugin, filled, type Row } from './calls';
import { said, type PanelAction } from './words';

/** Whether the button can be pressed for a row: it has all that the route names. */
export function isPossible(action: PanelAction, row?: Row): boolean {
	return filled(action.route, row) !== undefined;
}

/**
 * Do what a button is for.
 *
 * @param body what was filled in; undefined where there is nothing to fill in.
 * @throws Problem where the server or the plugin refuses.
 * @returns whether it was done.
 */
export async function perform(
	pluginId: string,
	action: PanelAction,
	row: Row | undefined,
	body?: unknown
): Promise<boolean> {
	const path = filled(action.route, row);
	if (path === undefined) return false;
	const title = said(action.title);
	const isAsked = action.confirm !== null || (action.isDangerous && body === undefined);
	if (isAsked) {
		const isSure = await confirmed({
			title: m.plugins_panel_sure({ action: title }),
			body: action.confirm ? said(action.confirm) : '',
			action: title,
			danger: action.isDangerous
		});
		if (!isSure) return false;
	}
	await callPlugin(pluginId, path, { method: action.method, ...(body !== undefined && { body }) });
	toast.done(m.plugins_panel_done({ action: title }));
	return true;
}
