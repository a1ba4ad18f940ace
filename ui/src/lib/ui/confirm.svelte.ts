/** Asks before something is done that matters; `ConfirmHost` shows the question. */

export interface Question {
	title: string;
	/** What will happen, by name. */
	body: string;
	/** What the button says that does it: a verb. */
	action: string;
	danger?: boolean;
	/** Asks for words to be recorded with the act. */
	reason?: { label: string; required?: boolean };
	/** Words to be typed before it can be done: for what cannot be undone. */
	typed?: string;
}

interface Asked extends Question {
	answer: (confirmed: { reason: string } | null) => void;
}

class Confirmation {
	asked = $state.raw<Asked | null>(null);

	/**
	 * Ask.
	 *
	 * @returns the reason given (empty where none was asked for), or null where the person thought better of it.
	 */
	ask(question: Question): Promise<{ reason: string } | null> {
		return new Promise((resolve) => {
			this.asked = {
				...question,
				answer: (confirmed) => {
					this.asked = null;
					resolve(confirmed);
				}
			};
		});
	}
}

export const confirmation = new Confirmation();

/** Ask whether something shall be done. */
export async function confirmed(question: Question): Promise<boolean> {
	return (await confirmation.ask(question)) !== null;
}
