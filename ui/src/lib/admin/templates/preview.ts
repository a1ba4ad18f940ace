/**
 * A message as it might read: what stands in `${…}` is filled in from sample data where it is a plain path. The server
 * alone evaluates expressions; here they are told from the text around them, so that one sees what will be replaced.
 */

export type Part =
	| { kind: 'text'; text: string }
	/** A path with a value in the sample. */
	| { kind: 'filled'; text: string; expression: string }
	/** Anything else in `${…}`. */
	| { kind: 'expression'; expression: string }
	/** `${` without an end. */
	| { kind: 'unfinished'; text: string };

const PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:\d+|'[^']*'|"[^"]*")\])*$/;

export function preview(text: string, sample: unknown): Part[] {
	const parts: Part[] = [];
	let at = 0;
	while (at < text.length) {
		const start = text.indexOf('${', at);
		if (start < 0) break;
		if (start > at) parts.push({ kind: 'text', text: text.slice(at, start) });
		const end = endOf(text, start + 2);
		if (end < 0) {
			parts.push({ kind: 'unfinished', text: text.slice(start) });
			return parts;
		}
		parts.push(part(text.slice(start + 2, end).trim(), sample));
		at = end + 1;
	}
	if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) });
	return parts;
}

/** Where the brace is that ends an expression: not one in a string, nor one that ends a map within. */
function endOf(text: string, from: number): number {
	let depth = 0;
	let quote = '';
	for (let at = from; at < text.length; at++) {
		const each = text[at]!;
		if (quote) {
			if (each === '\\') at++;
			else if (each === quote) quote = '';
		} else if (each === '"' || each === "'") quote = each;
		else if (each === '{') depth++;
		else if (each === '}' && depth-- === 0) return at;
	}
	return -1;
}

function part(expression: string, sample: unknown): Part {
	if (PATH.test(expression)) {
		const value = valueAt(sample, expression);
		if (value !== undefined) return { kind: 'filled', text: shown(value), expression };
	}
	return { kind: 'expression', expression };
}

function valueAt(sample: unknown, path: string): unknown {
	let value = sample;
	for (const [, name, index] of path.matchAll(/([A-Za-z_]\w*)|\[([^\]]*)\]/g)) {
		const key = name ?? index!.replace(/^['"]|['"]$/g, '');
		if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
		value = (value as Record<string, unknown>)[key];
	}
	return value;
}

function shown(value: unknown): string {
	return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Data of the kinds that templates see, to try one with. */
export const SAMPLE = {
	data: { orderId: 7, customer: { name: 'Ada Lovelace', email: 'ada@example.com' } },
	execution: {
		id: '0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21',
		workflowId: 'order',
		link: 'https://weftline.example.com/executions/0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21'
	},
	error: { code: 'payment_declined', message: 'The card was declined.', stepId: 'pay', details: null }
};
