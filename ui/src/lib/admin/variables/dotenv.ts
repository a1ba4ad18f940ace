/** The lines of an .env file: NAME=value, quotes, comments, `export`. */

export interface Assignment {
	key: string;
	value: string;
	/** From 1. */
	line: number;
}

export interface BadLine {
	line: number;
	why: 'no-equals' | 'bad-name' | 'unclosed';
	text: string;
}

export interface Read {
	assignments: Assignment[];
	bad: BadLine[];
}

export const KEY = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/** What the lines say; of several values for one name the last. */
export function readDotenv(text: string): Read {
	const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
	const found = new Map<string, Assignment>();
	const bad: BadLine[] = [];
	for (let index = 0; index < lines.length; index++) {
		const line = index + 1;
		const written = lines[index]!.trim();
		if (written === '' || written.startsWith('#')) continue;
		const equals = written.indexOf('=');
		if (equals < 0) {
			bad.push({ line, why: 'no-equals', text: written });
			continue;
		}
		const key = written
			.slice(0, equals)
			.trim()
			.replace(/^export\s+/, '');
		if (!KEY.test(key)) {
			bad.push({ line, why: 'bad-name', text: key });
			continue;
		}
		let rest = written.slice(equals + 1).trim();
		const quote = rest[0];
		if (quote === '"' || quote === "'") {
			// what is in quotes may go on over several lines
			let end = closing(rest, quote);
			while (end < 0 && index + 1 < lines.length) {
				rest += `\n${lines[++index]}`;
				end = closing(rest, quote);
			}
			if (end < 0) {
				bad.push({ line, why: 'unclosed', text: key });
				continue;
			}
			const inner = rest.slice(1, end);
			const value =
				quote === "'" ? inner : inner.replace(/\\(.)/gs, (_, each: string) => ESCAPES[each] ?? each);
			found.set(key, { key, value, line });
		} else {
			found.set(key, { key, value: rest.replace(/\s+#.*$/, ''), line });
		}
	}
	return { assignments: [...found.values()], bad };
}

function closing(text: string, quote: string): number {
	for (let at = 1; at < text.length; at++) {
		if (quote === '"' && text[at] === '\\') at++;
		else if (text[at] === quote) return at;
	}
	return -1;
}

/** Whether a name sounds as if its value had better not be seen. */
export function soundsSecret(key: string): boolean {
	return /(^|_)(SECRET|TOKEN|PASSWORD|PASSWD|PWD|KEY|CREDENTIALS?)(_|$)/i.test(key);
}
