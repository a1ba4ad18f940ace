/** Typing over a selection. */
import { EditorView } from '@codemirror/view';

/**
 * Has the editor itself replace what is selected by what is typed. Left to Chromium, the new text keeps the look of the
 * old one by markup with style attributes, which the content security policy stops, with a complaint on the console.
 */
export const overtyping = EditorView.domEventHandlers({
	beforeinput({ inputType, data: text, isComposing }, view) {
		const { state } = view;
		const { from, to, empty } = state.selection.main;
		if (inputType !== 'insertText' || !text || isComposing || empty || state.readOnly) return false;
		const insert = () =>
			state.update(state.replaceSelection(text), { userEvent: 'input.type', scrollIntoView: true });
		// such as those that put a selection in brackets
		const isDone = state
			.facet(EditorView.inputHandler)
			.some((handler) => handler(view, from, to, text, insert));
		if (!isDone) view.dispatch(insert());
		return true;
	}
});
