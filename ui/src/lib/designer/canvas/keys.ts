/** What the keys do on the canvas. */
import type { Canvas } from './canvas.svelte';
import type { Direction } from './arrange';

const ARROWS: Record<string, Direction> = {
	ArrowLeft: 'left',
	ArrowRight: 'right',
	ArrowUp: 'up',
	ArrowDown: 'down'
};

/** Steps of the grid for one press, and with Shift. */
const NUDGE = { short: 1, long: 8 };

/**
 * Do what a key stands for.
 *
 * @param onproperties shows the properties of what is selected.
 * @returns whether it stands for anything.
 */
export function pressed(canvas: Canvas, event: KeyboardEvent, onproperties: () => void): boolean {
	const { document } = canvas;
	const direction = ARROWS[event.key];
	const isCommand = event.ctrlKey || event.metaKey;
	if (direction) {
		if (isCommand || event.altKey) canvas.nudge(direction, event.shiftKey ? NUDGE.long : NUDGE.short);
		else canvas.walk(direction, event.shiftKey);
		return true;
	}
	if (event.altKey) return false;
	const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
	const act = isCommand ? withCommand(canvas, key, event.shiftKey) : alone(canvas, key, onproperties);
	if (!act) return false;
	if (document.isReadonly && CHANGING.has(key) && key !== 'a') return true;
	act();
	return true;
}

const CHANGING = new Set(['z', 'y', 'd', 'c', 'n', 'l', 'Delete', 'Backspace']);

function withCommand(canvas: Canvas, key: string, isShifted: boolean): (() => void) | undefined {
	switch (key) {
		case 'z':
			return () => (isShifted ? canvas.document.redo() : canvas.document.undo());
		case 'y':
			return () => canvas.document.redo();
		case 'a':
			return () => canvas.selectAll();
		case 'd':
			return () => canvas.duplicate();
		default:
			return undefined;
	}
}

function alone(canvas: Canvas, key: string, onproperties: () => void): (() => void) | undefined {
	switch (key) {
		case 'Enter':
			return onproperties;
		case 'a':
			return () => canvas.askToAdd();
		case 'c':
			return () => {
				if (canvas.document.selectedNode) canvas.question = 'connect';
			};
		case 'e':
			return () => canvas.walkEdges();
		case 'f':
			return () => (canvas.question = 'find');
		case 'l':
			return () => void canvas.layOut();
		case 'n':
			return () => canvas.addNote();
		case '?':
			return () => (canvas.question = 'shortcuts');
		case '+':
		case '=':
			return () => canvas.view?.zoom('in');
		case '-':
			return () => canvas.view?.zoom('out');
		case '0':
			return () => canvas.view?.fit();
		case 'Delete':
		case 'Backspace':
			return () => canvas.remove();
		case 'Escape':
			return () => canvas.document.select({});
		default:
			return undefined;
	}
}
