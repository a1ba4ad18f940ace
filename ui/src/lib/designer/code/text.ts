/** A definition as text, JSON or YAML, and back; and where in the text something stands. */
import { isMap, isSeq, LineCounter, parse, parseDocument, stringify, type Node } from 'yaml';
import { isObject } from '#lib/graph/definition';
import type { Definition } from '../document/definition';

export type Language = 'json' | 'yaml';

export interface TextProblem {
	message: string;
	/** Offsets into the text. */
	from: number;
	to: number;
}

/** Why a text is valid and still no definition that can be shown. */
export interface Words {
	noObject: string;
	noId: string;
	noNodes: string;
	badNode: (position: number) => string;
}

export function toText(definition: object, language: Language): string {
	return language === 'json'
		? `${JSON.stringify(definition, null, 2)}\n`
		: stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** What a text says; or what keeps it from being a definition, and where. */
export function fromText(
	text: string,
	words: Words
): { definition: Definition; problem: null } | { definition: null; problem: TextProblem } {
	const counter = new LineCounter();
	const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
	const error = document.errors[0];
	if (error) return wrong(error.message, error.pos[0], error.pos[1]);
	let value: unknown;
	try {
		value = document.toJS({ maxAliasCount: 100 }) as unknown;
	} catch (reason) {
		return wrong((reason as Error).message, 0, text.length);
	}
	if (!isObject(value)) return wrong(words.noObject, 0, text.length);
	if (typeof value['id'] !== 'string') return wrong(words.noId, ...(locate(text, '/id') ?? [0, 1]));
	if (!Array.isArray(value['nodes'])) return wrong(words.noNodes, ...(locate(text, '/nodes') ?? [0, 1]));
	const bad = value['nodes'].findIndex(
		(each) => !isObject(each) || typeof each['id'] !== 'string' || typeof each['type'] !== 'string'
	);
	if (bad >= 0) return wrong(words.badNode(bad + 1), ...(locate(text, `/nodes/${bad}`) ?? [0, 1]));
	return { definition: value as unknown as Definition, problem: null };
}

function wrong(message: string, from: number, to: number): { definition: null; problem: TextProblem } {
	return { definition: null, problem: { message, from, to: Math.max(to, from + 1) } };
}

/** From where to where in a text the value at a JSON pointer stands; the nearest around it where it is not there. */
export function locate(text: string, pointer: string): [number, number] | null {
	return locator(text)(pointer);
}

/** As `locate`, for many pointers into one text. */
export function locator(text: string): (pointer: string) => [number, number] | null {
	const document = parseDocument(text, { prettyErrors: false });
	return (pointer) => {
		let found = document.contents as Node | null;
		let range = rangeOf(found);
		for (const step of pointer.split('/').slice(1)) {
			const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
			if (isMap(found)) {
				const pair = found.items.find((each) => String((each.key as { value?: unknown }).value) === name);
				if (!pair) break;
				const key = rangeOf(pair.key as Node);
				found = pair.value as Node | null;
				const value = rangeOf(found);
				range = key && value ? [key[0], isScalarLike(found) ? value[1] : key[1]] : (key ?? range);
			} else if (isSeq(found)) {
				found = (found.items[Number(name)] as Node | undefined) ?? null;
				if (!found) break;
				const item = rangeOf(found);
				// an item is marked where it begins, not over all its lines
				if (item) range = [item[0], isScalarLike(found) ? item[1] : endOfLine(text, item[0])];
			} else break;
		}
		return range;
	};
}

function isScalarLike(node: Node | null): boolean {
	return !isMap(node) && !isSeq(node);
}

function rangeOf(node: Node | null): [number, number] | null {
	return node?.range ? [node.range[0], node.range[1]] : null;
}

function endOfLine(text: string, from: number): number {
	const end = text.indexOf('\n', from);
	return end < 0 ? text.length : end;
}

/** What a file holds, JSON or YAML. */
export function read(text: string): unknown {
	return parse(text) as unknown;
}
