/**
 * The actions of integrations that steps may call: found by the server, since there may be ten thousand of them, and
 * described when they are looked at.
 */
import { everyPage } from '#lib/api/every-page';
import { api, ask } from '#lib/api/rest';
import { integrationOf, type Integration, type IntegrationAction } from '#lib/integrations/words';
import { session } from '#lib/session/session.svelte';

/** So many of what was found are offered; whoever wants another types on. */
const OFFERED = 50;

export interface FoundAction {
	action: IntegrationAction;
	integration: Integration;
}

export class Actions {
	#integrations = $state.raw<ReadonlyMap<string, Integration>>(new Map());
	#described = new Map<string, Promise<IntegrationAction | undefined>>();

	/** The integrations, by name. */
	get integrations(): ReadonlyMap<string, Integration> {
		return this.#integrations;
	}

	/** Read which integrations there are; none are for who may not see them. */
	async load(): Promise<void> {
		if (!session.can('integration:read')) return;
		const found = await everyPage((page) =>
			ask(api.GET('/api/v1/integrations', { params: { query: { ...page, sort: 'displayName' } } }))
		);
		this.#integrations = new Map(found.map((each) => [each.id, each]));
	}

	/** The integration of an action by its name; undefined where it is of none. */
	of(action: string): Integration | undefined {
		return action.includes('.') ? this.#integrations.get(integrationOf(action)) : undefined;
	}

	/**
	 * The actions that fit what was typed, the closest first.
	 *
	 * @param integration only those of it.
	 */
	async find(text: string, signal: AbortSignal, integration?: string): Promise<FoundAction[]> {
		if (this.#integrations.size === 0) return [];
		const query = {
			limit: OFFERED,
			...(text && { query: text }),
			...(integration && { integrationId: integration })
		};
		const { items } = await ask(api.GET('/api/v1/integrations/actions', { params: { query }, signal }));
		return items.flatMap((action) => {
			const known = this.#integrations.get(action.integrationId);
			return known ? [{ action, integration: known }] : [];
		});
	}

	/** An action with its schemas; undefined where there is none of this name. */
	describe(name: string): Promise<IntegrationAction | undefined> {
		const integration = this.of(name);
		if (!integration) return Promise.resolve(undefined);
		let described = this.#described.get(name);
		if (!described) {
			const path = { integration_name: integration.id, action_name: name.slice(integration.id.length + 1) };
			described = ask(
				api.GET('/api/v1/integrations/{integration_name}/actions/{action_name}', { params: { path } })
			).catch(() => {
				// what failed is asked for again
				this.#described.delete(name);
				return undefined;
			});
			this.#described.set(name, described);
		}
		return described;
	}
}
