/** Short words on what was done, or went wrong, that go away by themselves. */
import { toast as sonner } from 'svelte-sonner';
import { describe } from './problems';

export const toast = {
	/** Something was done. */
	done: (message: string) => sonner.success(message),
	/** Something went wrong: says what, and what to do. */
	failed: (error: unknown) => {
		const { title, advice } = describe(error);
		sonner.error(title, { description: advice, duration: 8000 });
	},
	info: (message: string, action?: { label: string; onClick: () => void }) =>
		sonner(message, action ? { action, duration: 10_000 } : {})
};
