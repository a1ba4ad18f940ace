/** What was done, so that it can be undone. Steps of one drag, or of one word typed, are one. */
import type { Definition } from './definition';

const MOST = 200;
/** Milliseconds of rest after which typing in the same field is a step of its own. */
const REST = 1_000;

export class History {
	#before: Definition[] = [];
	#after: Definition[] = [];
	#merged: { key: string; at: number } | undefined;

	get canUndo(): boolean {
		return this.#before.length > 0;
	}

	get canRedo(): boolean {
		return this.#after.length > 0;
	}

	/**
	 * Remember what was before a change.
	 *
	 * @param before the definition before it.
	 * @param key changes with the same key, shortly after one another, are undone together.
	 * @param now milliseconds.
	 */
	remember(before: Definition, key: string | undefined, now: number): void {
		const isMerged = key !== undefined && this.#merged?.key === key && now - this.#merged.at < REST;
		this.#merged = key === undefined ? undefined : { key, at: now };
		this.#after = [];
		if (isMerged) return;
		this.#before.push(before);
		if (this.#before.length > MOST) this.#before.shift();
	}

	undo(current: Definition): Definition | undefined {
		const before = this.#before.pop();
		if (before) this.#after.push(current);
		this.#merged = undefined;
		return before;
	}

	redo(current: Definition): Definition | undefined {
		const after = this.#after.pop();
		if (after) this.#before.push(current);
		this.#merged = undefined;
		return after;
	}
}
