/** The kinds of nodes that plugins add, for whoever draws nodes. Known once somebody has looked at the catalogue. */
import { api, ask, type Schemas } from '#lib/api/rest';

export type PluginPart = NonNullable<Schemas['NodeTypeOut']['plugin']>;

class PluginNodes {
	#parts = $state.raw<ReadonlyMap<string, PluginPart>>();

	/** They are known: a type that is not found is of a plugin that is not there. */
	get isKnown(): boolean {
		return this.#parts !== undefined;
	}

	/** What a plugin says of a type. */
	find(type: string): PluginPart | undefined {
		return this.#parts?.get(type);
	}

	/** Take what a catalogue says of them. */
	take(catalogue: Schemas['CatalogueOut']): void {
		this.#parts = new Map(
			catalogue.nodeTypes.flatMap((each) => (each.plugin ? [[each.type, each.plugin]] : []))
		);
	}

	/** Ask what there is to say of them. */
	async read(): Promise<void> {
		try {
			this.take(await ask(api.GET('/api/v1/catalogue')));
		} catch {
			// nodes are drawn all the same, by their types
		}
	}
}

export const pluginNodes = new PluginNodes();
