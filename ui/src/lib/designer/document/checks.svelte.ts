/** Asks the server what is wrong with a definition, a moment after each change. Called while a component is made. */
import { api, ask } from '#lib/api/rest';
import type { DesignerDocument } from './document.svelte';

const REST = 350;

export class Checks {
	isChecking = $state(false);

	constructor(document: DesignerDocument) {
		$effect(() => {
			const { definition } = document;
			const abort = new AbortController();
			this.isChecking = true;
			const timer = setTimeout(() => {
				const body = definition as unknown as Record<string, never>;
				ask(api.POST('/api/v1/workflows/validate', { body, signal: abort.signal }))
					.then((answer) => document.tell(answer.problems, definition))
					// what cannot be asked now is asked after the next change
					.catch(() => undefined)
					.finally(() => {
						if (!abort.signal.aborted) this.isChecking = false;
					});
			}, REST);
			return () => {
				clearTimeout(timer);
				abort.abort();
			};
		});
	}
}
