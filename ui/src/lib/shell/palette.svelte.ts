/** Whether the search over everything is open. */
class Palette {
	isOpen = $state(false);

	show(): void {
		this.isOpen = true;
	}
}

export const palette = new Palette();
