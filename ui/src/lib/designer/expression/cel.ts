/** Colours for CEL: bare, or as `${ … }` in a text. */
import { StreamLanguage, type StreamParser, type StringStream } from '@codemirror/language';
import type { Syntax } from './completion';

interface State {
	/** How many braces are open within `${ … }`; 0: in plain text. */
	depth: number;
	/** The quote that the string ends with. */
	quote: string | null;
}

const WORDS = /^(?:in|true|false|null)\b/;
const MACROS = /^(?:has|all|exists|exists_one|map|filter|optMap|optFlatMap|orValue)(?=\()/;

function parser(syntax: Syntax): StreamParser<State> {
	return {
		name: 'cel',
		startState: () => ({ depth: syntax === 'expression' ? 1 : 0, quote: null }),
		copyState: (state) => ({ ...state }),
		token: (stream, state) => {
			if (state.depth === 0) return plain(stream, state);
			if (state.quote !== null) return string(stream, state);
			if (stream.eatSpace()) return null;
			return code(stream, state, syntax);
		}
	};
}

function plain(stream: StringStream, state: State): string | null {
	if (stream.match('$${')) return null;
	if (stream.match('${')) {
		state.depth = 1;
		return 'keyword';
	}
	stream.next();
	stream.eatWhile(/[^$]/);
	return null;
}

function string(stream: StringStream, state: State): string {
	for (let each = stream.next(); each !== undefined; each = stream.next()) {
		if (each === '\\') stream.next();
		else if (each === state.quote) {
			state.quote = null;
			break;
		}
	}
	return 'string';
}

function code(stream: StringStream, state: State, syntax: Syntax): string | null {
	if (stream.match('//')) {
		stream.skipToEnd();
		return 'comment';
	}
	if (stream.match(/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?u?/)) return 'number';
	if (stream.match(WORDS)) return stream.current() === 'in' ? 'keyword' : 'atom';
	if (stream.match(MACROS)) return 'macroName';
	if (stream.match(/^[A-Za-z_]\w*(?=\()/)) return 'variableName.function';
	if (stream.match(/^[A-Za-z_]\w*/)) return 'variableName';
	const each = stream.next();
	if (each === '"' || each === "'") {
		state.quote = each;
		return string(stream, state);
	}
	if (each === '{') state.depth += 1;
	if (each === '}') {
		state.depth -= 1;
		if (syntax === 'template' && state.depth === 0) return 'keyword';
		if (state.depth === 0) state.depth = 1;
	}
	return each !== undefined && '&|!=<>+-*/%?:'.includes(each) ? 'operator' : null;
}

const LANGUAGES = {
	expression: StreamLanguage.define(parser('expression')),
	template: StreamLanguage.define(parser('template'))
};

export function cel(syntax: Syntax): StreamLanguage<unknown> {
	return LANGUAGES[syntax] as StreamLanguage<unknown>;
}
