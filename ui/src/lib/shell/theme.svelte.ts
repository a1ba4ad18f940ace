/** Light or dark; as the system has it unless the person chose. */

export type ThemeChoice = 'system' | 'light' | 'dark';

const STORED = 'weft.theme';

class Theme {
	choice = $state<ThemeChoice>('system');
	#systemIsDark = $state(false);
	readonly isDark = $derived(this.choice === 'dark' || (this.choice === 'system' && this.#systemIsDark));

	/** Follow the system from now on. Called once, in the browser. */
	start(): void {
		const stored = localStorage.getItem(STORED);
		if (stored === 'light' || stored === 'dark') this.choice = stored;
		const system = matchMedia('(prefers-color-scheme: dark)');
		this.#systemIsDark = system.matches;
		system.addEventListener('change', (event) => {
			this.#systemIsDark = event.matches;
			this.#show();
		});
		this.#show();
	}

	choose(choice: ThemeChoice): void {
		this.choice = choice;
		if (choice === 'system') localStorage.removeItem(STORED);
		else localStorage.setItem(STORED, choice);
		this.#show();
	}

	#show(): void {
		document.documentElement.dataset['theme'] = this.isDark ? 'dark' : 'light';
	}
}

export const theme = new Theme();
