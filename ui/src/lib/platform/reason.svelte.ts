/** Why an operator does what they do: asked once, sent with each request, kept until the browser's tab is closed. */

const STORED = 'weft.reason';

class Reason {
	#text = $state(sessionStorage.getItem(STORED) ?? '');

	/** Empty where none was given yet. */
	get text(): string {
		return this.#text;
	}

	give(text: string): void {
		this.#text = text.trim();
		if (this.#text) sessionStorage.setItem(STORED, this.#text);
		else sessionStorage.removeItem(STORED);
	}

	/** For the query of a request: a header could not hold every letter. */
	get query(): { reason: string } {
		return { reason: this.#text };
	}
}

export const reason = new Reason();
