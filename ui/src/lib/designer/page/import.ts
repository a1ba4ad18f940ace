/** Takes a definition in from text: finds out how it is written, and makes a draft or a workflow of it. */
import { parse } from 'yaml';
import { Problem } from '#lib/api/problem';
import { api, ask, type Schemas } from '#lib/api/rest';
import { isObject } from '#lib/graph/definition';
import { idFrom, type Definition } from '../document/definition';

/** The dialect that definitions of the platform's own are written in. */
export const NATIVE = 'native';

/** A text is no definition: says why. */
export class UnreadableText extends Error {
	override name = 'UnreadableText';
}

/** What a text holds, JSON or YAML; every JSON text is YAML. */
export function parsed(text: string): Record<string, unknown> {
	let value: unknown;
	try {
		value = text.trimStart().startsWith('{') ? JSON.parse(text) : parse(text);
	} catch (error) {
		throw new UnreadableText(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
	}
	if (!isObject(value)) throw new UnreadableText('');
	return value;
}

/** What became of something that another dialect says differently. */
export type DialectNote = Schemas['DialectNote'];

/** A document that was taken in. */
export interface Import {
	definition: Definition;
	/** What it was written in. */
	dialect: string;
	/** What is not the same in our own words. */
	notes: readonly DialectNote[];
}

/**
 * Take in a document of any dialect, as far as it can be said in our own.
 *
 * @param dialect what it is written in; empty to find out.
 * @param fileName names a workflow that has neither id nor name.
 * @throws Problem where it is broken in its own terms, or does not show what it is written in.
 */
export async function imported(
	document: Record<string, unknown>,
	dialect: string,
	fileName: string
): Promise<Import> {
	const own = () => ({ definition: asDefinition(document, fileName), dialect: NATIVE, notes: [] });
	if (dialect === NATIVE) return own();
	try {
		const query = { from: dialect || 'auto', partial: true };
		const found = await ask(
			api.POST('/api/v1/workflows/convert', { params: { query }, body: document as never })
		);
		if (found.from === NATIVE) return own();
		return {
			definition: asDefinition(found.definition, fileName),
			dialect: found.from,
			notes: found.notes
		};
	} catch (error) {
		// nothing is drawn in it yet, so that it shows nothing
		const isEmpty = Array.isArray(document['nodes']) && document['nodes'].length === 0;
		if (isEmpty && error instanceof Problem && error.code === 'unknown_dialect') return own();
		throw error;
	}
}

/** Whether a document cannot be one of our own definitions, and may be one in another dialect. */
export function mayBeForeign(document: Record<string, unknown>): boolean {
	const nodes = document['nodes'];
	if (Array.isArray(nodes))
		return nodes.some((node) => isObject(node) && ('nextNodeId' in node || 'config' in node));
	return Object.values(document).some((value) => Array.isArray(value) || isObject(value));
}

/** A document of our own as a draft: with an id, and a list of nodes, whatever else it lacks. */
export function asDefinition(document: Record<string, unknown>, fileName: string): Definition {
	const id = typeof document['id'] === 'string' && document['id'] !== '' ? document['id'] : undefined;
	const name = typeof document['name'] === 'string' ? document['name'] : undefined;
	const nodes = Array.isArray(document['nodes']) ? document['nodes'] : [];
	return { ...document, id: id ?? (idFrom(name ?? fileName) || 'imported'), nodes } as Definition;
}

/** Keeps a definition as one's working copy, from where the designer opens it. */
export async function keptAsDraft(definition: Definition): Promise<void> {
	await ask(
		api.PUT('/api/v1/working-copies/{workflowId}', {
			params: { path: { workflowId: definition.id } },
			body: { definition: definition as never, basedOnVersion: null, basedOnEtag: null }
		})
	);
}

/** Whether there is a workflow, or a draft of one's own, with this id. */
export async function isTaken(id: string): Promise<boolean> {
	const found = await Promise.all([
		api.GET('/api/v1/workflows/{workflow_id}', { params: { path: { workflow_id: id } } }),
		api.GET('/api/v1/working-copies/{workflowId}', { params: { path: { workflowId: id } } })
	]);
	return found.some((each) => each.response.ok);
}
