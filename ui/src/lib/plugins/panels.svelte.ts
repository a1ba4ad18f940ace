/** The pages that plugins add, those that the person may see. */
import { everyPage } from '#lib/api/every-page';
import { api, ask } from '#lib/api/rest';
import type { Panel } from './words';

class Panels {
	/** None where they are not known yet. */
	all = $state.raw<readonly Panel[]>();
	/** Why they could not be read. */
	error = $state.raw<unknown>();

	/** Read them: the person or the tenant is another, or a plugin was switched. */
	async load(): Promise<void> {
		try {
			this.all = await everyPage((query) => ask(api.GET('/api/v1/plugins/panels', { params: { query } })));
			this.error = undefined;
		} catch (error) {
			// the rest of the app goes on without them; the page of a panel says why
			this.all = undefined;
			this.error = error;
		}
	}

	/** The page of a plugin; undefined where there is none that the person may see. */
	find(pluginId: string, id: string): Panel | undefined {
		return this.all?.find((each) => each.pluginId === pluginId && each.id === id);
	}

	/** The pages of a plugin. */
	of(pluginId: string): readonly Panel[] {
		return this.all?.filter((each) => each.pluginId === pluginId) ?? [];
	}
}

export const panels = new Panels();
