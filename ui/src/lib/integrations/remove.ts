/** Removing what was imported. */
import { Problem } from '#lib/api/problem';
import { api, ask } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import { confirmed } from '#lib/ui/confirm.svelte';
import type { Integration } from './words';

/**
 * Remove an imported integration, once the person has said so; again where published workflows call its actions.
 *
 * @returns whether it is gone.
 */
export async function removeIntegration(
	integration: Pick<Integration, 'id' | 'displayName'>
): Promise<boolean> {
	const name = integration.displayName;
	const question = {
		title: m.integrations_remove_title({ name }),
		body: m.integrations_remove_text(),
		action: m.common_delete(),
		danger: true
	};
	if (!(await confirmed(question))) return false;
	try {
		await removed(integration.id, false);
		return true;
	} catch (error) {
		if (!(error instanceof Problem) || error.code !== 'integration_in_use') throw error;
		const used = {
			title: m.integrations_remove_used_title({ name }),
			body: error.message,
			action: m.integrations_delete_anyway(),
			danger: true,
			typed: integration.id
		};
		if (!(await confirmed(used))) return false;
		await removed(integration.id, true);
		return true;
	}
}

async function removed(integration_name: string, force: boolean): Promise<void> {
	const params = { path: { integration_name }, query: { force } };
	await ask(api.DELETE('/api/v1/integrations/{integration_name}', { params }));
}
