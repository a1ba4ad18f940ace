/** JSON that people type. */

/** What a text says, or why it says nothing. Empty text is no value. */
export function parseJson(text: string): { value: unknown; problem: string | null } {
	if (text.trim() === '') return { value: undefined, problem: null };
	try {
		return { value: JSON.parse(text) as unknown, problem: null };
	} catch (error) {
		return { value: undefined, problem: (error as Error).message };
	}
}
