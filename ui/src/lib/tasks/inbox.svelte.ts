/** How many tasks wait for the person: the number in the navigation. */
import { live } from '#lib/api/live.svelte';
import { api, ask } from '#lib/api/rest';

/** More are shown as "99+". */
const COUNTED = 100;
/** Milliseconds between two counts at the least: a burst of events is one count. */
const PAUSE = 2000;

class Inbox {
	/** None where it is not known. */
	waiting = $state<number>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** Count from now on, until the returned function is called. */
	follow(): () => void {
		const soon = () => this.#soon();
		void this.#count();
		const stop = live.follow({ tasks: true }, soon, { onGap: soon });
		return () => {
			stop();
			clearTimeout(this.#timer);
			this.#timer = undefined;
			this.waiting = undefined;
		};
	}

	#soon(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			void this.#count();
		}, PAUSE);
	}

	async #count(): Promise<void> {
		try {
			const query = {
				mine: true,
				status: ['open', 'claimed'] as ('open' | 'claimed')[],
				limit: COUNTED,
				fields: 'id'
			};
			const { items } = await ask(api.GET('/api/v1/tasks', { params: { query } }));
			this.waiting = items.length;
		} catch {
			// the number is a help, not worth a word where it cannot be had
			this.waiting = undefined;
		}
	}
}

export const inbox = new Inbox();

/** "7", "99+"; nothing for none. */
export function countLabel(count: number | undefined): string | undefined {
	if (!count) return undefined;
	return count >= COUNTED ? `${COUNTED - 1}+` : String(count);
}
