/** Whether a graph is seen from so far away that small print cannot be read. */
import { useViewport } from '@xyflow/svelte';
import { FAR } from './opening';

/** For what is drawn in a graph. */
export function useDistance(): { readonly isFar: boolean } {
	const viewport = useViewport();
	const isFar = $derived(viewport.current.zoom < FAR);
	return {
		get isFar() {
			return isFar;
		}
	};
}
