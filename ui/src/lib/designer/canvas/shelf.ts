/** Where what can be put on the canvas is taken from: what is known here, and what the server finds. */
import type { DesignerDocument } from '../document/document.svelte';
import { itemOf, paletteOf, type PaletteItem } from './palette';

export class Shelf {
	/** What was found so far, by its key: it may be dragged for long. */
	#found = new Map<string, PaletteItem>();

	constructor(private readonly document: DesignerDocument) {}

	/** Every kind of node, and the actions that are none of integrations. */
	get items(): PaletteItem[] {
		const { catalogue, actions } = this.document;
		return paletteOf(catalogue, (name) => actions?.of(name) !== undefined);
	}

	/** The actions of integrations that fit what was typed; of one integration only, where it is named. */
	async find(text: string, signal: AbortSignal, integration?: string): Promise<PaletteItem[]> {
		const found = (await this.document.actions?.find(text, signal, integration)) ?? [];
		const items = found.map(itemOf);
		for (const item of items) this.#found.set(item.key, item);
		return items;
	}

	/** What was taken hold of. */
	item(key: string): PaletteItem | undefined {
		return this.#found.get(key) ?? this.items.find((each) => each.key === key);
	}
}
