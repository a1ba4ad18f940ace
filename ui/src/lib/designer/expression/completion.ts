/** What can be written at a place of an expression, by what is in scope there. */
import type { Schemas } from '#lib/api/rest';

export type Scope = Schemas['ScopeOut'];
export type ScopeName = Schemas['NameOut'];
export type ScopeFunction = Schemas['FunctionOut'];
/** Bare, or as `${ … }` in a text. */
export type Syntax = 'expression' | 'template';

export interface Offer {
	label: string;
	kind: 'name' | 'function';
	/** Its type, or its signature. */
	detail: string;
	description: string;
	/** What is written; a function's ends with an open parenthesis. */
	insert: string;
}

const PATH = /((?:[A-Za-z_][\w-]*(?:\[[^\]]*\])?\??\.)*)([A-Za-z_][\w-]*)?$/;

/**
 * What fits before the cursor.
 *
 * @returns from where on it is replaced, and the offers; null where no expression is.
 */
export function offers(
	scope: Scope,
	text: string,
	position: number,
	syntax: Syntax
): { from: number; offers: Offer[] } | null {
	const before = text.slice(0, position);
	if (syntax === 'template' && !isInside(before)) return null;
	if (isInString(syntax === 'template' ? before.slice(before.lastIndexOf('${') + 2) : before)) return null;
	const [, path = '', partial = ''] = PATH.exec(before) ?? [];
	const from = position - partial.length;
	if (path === '') {
		return {
			from,
			offers: [
				...scope.names.map(nameOffer),
				...scope.functions.filter((each) => !isMethod(each)).map(functionOffer)
			]
		};
	}
	const owner = resolve(scope, path.replace(/\??\.$/, ''));
	const methods = scope.functions.filter((each) => isMethod(each) && takes(each, owner?.type));
	return { from, offers: [...(owner?.members ?? []).map(nameOffer), ...methods.map(functionOffer)] };
}

/** What a dotted path names. */
export function resolve(scope: Scope, path: string): ScopeName | undefined {
	let found: ScopeName | undefined;
	for (const step of path.split(/\??\./)) {
		const [, name = step, index] = /^([^[]*)(\[.*\])?$/.exec(step) ?? [];
		const among: readonly ScopeName[] = found === undefined ? scope.names : found.members;
		const next = among.find((each) => each.name === name) ?? withoutMinus(among, name, found === undefined);
		if (next === undefined) return undefined;
		found = index === undefined ? next : (next.items ?? undefined);
		if (found === undefined) return undefined;
	}
	return found;
}

/** `total-fee` may be a name, or what is left of a minus. */
function withoutMinus(among: readonly ScopeName[], name: string, isFirst: boolean): ScopeName | undefined {
	const end = name.slice(name.lastIndexOf('-') + 1);
	return isFirst && end !== name ? among.find((each) => each.name === end) : undefined;
}

function isMethod(each: ScopeFunction): boolean {
	return each.kind === 'method' || (each.kind === 'macro' && /^\w+\./.test(each.signature));
}

function takes(each: ScopeFunction, type: string | undefined): boolean {
	if (type === undefined || type === 'any') return true;
	const receiver = /^(\w+)/.exec(each.signature)?.[1] ?? '';
	return receiver === type || !['string', 'list', 'map', 'int', 'double', 'bool', 'bytes'].includes(receiver);
}

function nameOffer(each: ScopeName): Offer {
	return {
		label: each.name,
		kind: 'name',
		detail: each.type,
		description: each.description,
		insert: each.name
	};
}

function functionOffer(each: ScopeFunction): Offer {
	return {
		label: each.name,
		kind: 'function',
		detail: each.signature,
		description: each.description,
		insert: `${each.name}(`
	};
}

/** Whether a `${` before the cursor is not closed yet. */
export function isInside(before: string): boolean {
	let depth = 0;
	let quote: string | null = null;
	for (let index = 0; index < before.length; index += 1) {
		const each = before[index];
		if (depth === 0) {
			if (before.startsWith('$${', index)) index += 2;
			else if (before.startsWith('${', index)) {
				depth = 1;
				index += 1;
			}
		} else if (quote !== null) {
			if (each === '\\') index += 1;
			else if (each === quote) quote = null;
		} else if (each === '"' || each === "'") quote = each;
		else if (each === '{') depth += 1;
		else if (each === '}') depth -= 1;
	}
	return depth > 0;
}

function isInString(code: string): boolean {
	let quote: string | null = null;
	for (let index = 0; index < code.length; index += 1) {
		const each = code[index];
		if (quote !== null) {
			if (each === '\\') index += 1;
			else if (each === quote) quote = null;
		} else if (each === '"' || each === "'") quote = each;
	}
	return quote !== null;
}
