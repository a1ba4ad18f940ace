/** Lists that are read page by page, as their end comes into sight. */
import { untrack } from 'svelte';

interface PageOf<Row> {
	items: readonly Row[];
	nextCursor?: string | null;
}

type Read<Row> = (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<Row>>;

export class Paged<Row> {
	rows = $state.raw<readonly Row[]>([]);
	isLoading = $state(true);
	/** Why the last page could not be read. */
	error = $state.raw<unknown>();
	#read: Read<Row> | undefined;
	#cursor = $state<string | null>(null);
	#abort: AbortController | undefined;
	#isOutdated = false;

	/** There are rows that are not read yet. */
	get hasMore(): boolean {
		return this.#cursor !== null && this.error === undefined;
	}

	/** Read from the start. What is shown stays until the answer is there. */
	begin(read: Read<Row>): void {
		this.#read = read;
		void this.#next(true);
	}

	/** Read anew what is shown: something has changed. Where nothing is shown yet, once there is something. */
	reload(): void {
		if (this.isLoading && this.rows.length === 0) this.#isOutdated = true;
		else void this.#next(true);
	}

	more(): void {
		if (this.hasMore && !this.isLoading) void this.#next(false);
	}

	stop(): void {
		this.#abort?.abort();
	}

	async #next(isFirst: boolean): Promise<void> {
		const read = this.#read;
		if (read === undefined) return;
		this.#abort?.abort();
		const abort = (this.#abort = new AbortController());
		this.isLoading = true;
		this.#isOutdated = false;
		this.error = undefined;
		try {
			const page = await read(isFirst ? undefined : (this.#cursor ?? undefined), abort.signal);
			if (abort.signal.aborted) return;
			this.rows = isFirst ? page.items : [...this.rows, ...page.items];
			this.#cursor = page.nextCursor ?? null;
		} catch (error) {
			if (abort.signal.aborted) return;
			if (isFirst) this.rows = [];
			this.error = error;
		}
		this.isLoading = false;
		if (this.#isOutdated) void this.#next(true);
	}
}

/**
 * A list that is read anew whenever its key changes: its filters and its order. Called while a component is made.
 *
 * @param key what the list depends on.
 * @param read reads one page of it.
 */
export function paged<Key, Row>(
	key: () => Key,
	read: (key: Key, cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<Row>>
): Paged<Row> {
	const list = new Paged<Row>();
	$effect(() => {
		const wanted = key();
		untrack(() => list.begin((cursor, signal) => read(wanted, cursor, signal)));
		return () => list.stop();
	});
	return list;
}
