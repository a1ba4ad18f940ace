/** What integrations are called, where templates tell their ids only. */
import { SvelteMap } from 'svelte/reactivity';
import { everyPage } from '#lib/api/every-page';
import { api, ask } from '#lib/api/rest';
import { session } from '#lib/session/session.svelte';

/** For so long it is not asked again for one that is not known. */
const FRESH_MS = 60_000;

class IntegrationNames {
	#names = new SvelteMap<string, string>();
	#tenant = '';
	#askedAt = 0;

	/** What people call an integration; its id while that is not known, and where the person may not see any. */
	of(id: string): string {
		const name = this.#names.get(id);
		const tenant = session.me?.tenant?.id ?? '';
		const isDue = tenant !== this.#tenant || (name === undefined && this.#askedAt < Date.now() - FRESH_MS);
		if (isDue && session.can('integration:read')) {
			this.#tenant = tenant;
			this.#askedAt = Date.now();
			void this.#ask();
		}
		return name ?? id;
	}

	async #ask(): Promise<void> {
		const found = await everyPage(
			(page) => ask(api.GET('/api/v1/integrations', { params: { query: page } }))
			// ids are shown as long as names cannot be had
		).catch(() => []);
		for (const { id, displayName } of found) this.#names.set(id, displayName);
	}
}

export const integrationNames = new IntegrationNames();
