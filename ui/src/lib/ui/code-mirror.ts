/** CodeMirror as the app uses it: one look, and the keys that people expect. */
import {
	autocompletion,
	closeBrackets,
	closeBracketsKeymap,
	completionKeymap
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { yaml } from '@codemirror/lang-yaml';
import {
	bracketMatching,
	foldGutter,
	foldKeymap,
	HighlightStyle,
	indentOnInput,
	syntaxHighlighting
} from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorState, type Extension } from '@codemirror/state';
import {
	drawSelection,
	EditorView,
	highlightActiveLine,
	keymap,
	lineNumbers,
	type KeyBinding
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { overtyping } from './overtyping';

interface Options {
	parent: HTMLElement;
	value: string;
	label: string;
	language: 'json' | 'yaml' | 'text';
	readonly: boolean;
	compact: boolean;
	extensions: Extension[];
	onchange: (value: string) => void;
}

const COLOURS = HighlightStyle.define([
	{ tag: [tags.propertyName, tags.attributeName], color: 'var(--info)' },
	{ tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
	{ tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--undo)' },
	{ tag: [tags.keyword, tags.operatorKeyword], color: 'var(--accent)' },
	{ tag: [tags.function(tags.variableName), tags.macroName], color: 'var(--warn)' },
	{ tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
	{ tag: tags.invalid, color: 'var(--bad)' }
]);

const LOOK = EditorView.theme({
	'&': { height: '100%', backgroundColor: 'transparent', color: 'var(--ink)' },
	'&.cm-focused': { outline: 'none' },
	'.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.55', overflow: 'auto' },
	'.cm-content': { caretColor: 'var(--ink)', padding: '6px 0' },
	'.cm-cursor': { borderLeftColor: 'var(--ink)' },
	'.cm-gutters': { backgroundColor: 'transparent', color: 'var(--faint)', border: 'none' },
	'.cm-activeLine': { backgroundColor: 'color-mix(in oklch, var(--hover) 60%, transparent)' },
	'&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
		backgroundColor: 'color-mix(in oklch, var(--accent) 25%, transparent)'
	},
	'.cm-tooltip': {
		backgroundColor: 'var(--raised)',
		color: 'var(--ink)',
		border: '1px solid var(--line)',
		borderRadius: '6px',
		boxShadow: 'var(--shadow-float)',
		overflow: 'hidden'
	},
	'.cm-tooltip-autocomplete ul li[aria-selected]': {
		backgroundColor: 'var(--accent-soft)',
		color: 'var(--ink)'
	},
	'.cm-completionDetail': { color: 'var(--faint)', fontStyle: 'normal', marginLeft: '1em' },
	'.cm-matchingBracket': { backgroundColor: 'var(--accent-soft)' },
	'.cm-foldPlaceholder': { backgroundColor: 'var(--sunken)', border: 'none', color: 'var(--faint)' }
});

/** Tab leaves an editor of one line, as it leaves every other field. */
const KEYS: KeyBinding[] = [
	...closeBracketsKeymap,
	...defaultKeymap,
	...historyKeymap,
	...foldKeymap,
	...completionKeymap,
	...lintKeymap
];

/** Make an editor. */
export function makeEditor(options: Options): EditorView {
	const { parent, value, label, language, readonly, compact, extensions, onchange } = options;
	const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce;
	return new EditorView({
		parent,
		state: EditorState.create({
			doc: value,
			extensions: [
				nonce ? EditorView.cspNonce.of(nonce) : [],
				history(),
				drawSelection(),
				indentOnInput(),
				bracketMatching(),
				closeBrackets(),
				overtyping,
				autocompletion(),
				syntaxHighlighting(COLOURS),
				LOOK,
				compact ? EditorView.lineWrapping : [lineNumbers(), foldGutter(), highlightActiveLine()],
				keymap.of(compact ? KEYS : [...KEYS, indentWithTab]),
				language === 'json' ? json() : language === 'yaml' ? yaml() : [],
				EditorState.readOnly.of(readonly),
				EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
				EditorView.updateListener.of((update) => {
					if (update.docChanged) onchange(update.state.doc.toString());
				}),
				...extensions
			]
		})
	});
}
