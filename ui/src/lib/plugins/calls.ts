/** Calls of the routes that plugins answer. */
import { NoAnswer, Problem } from '#lib/api/problem';
import { idempotent } from '#lib/api/rest';
import { authenticatedFetch } from '#lib/api/session-fetch';

export type Row = Readonly<Record<string, unknown>>;

/** A value as it stands in a path or a cell; empty where there is none. */
export function plain(value: unknown): string {
	if (value === null || value === undefined) return '';
	if (typeof value === 'object') return JSON.stringify(value);
	return String(value as string | number | boolean);
}

/**
 * A route or a link with the fields of a row in the place of their names in braces.
 *
 * @returns undefined where the row has no value for one of them: there is nothing to call or to open.
 */
export function filled(template: string, row: Row = {}): string | undefined {
	let isWhole = true;
	const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
		const value = plain(row[name]);
		if (value === '') isWhole = false;
		return encodeURIComponent(value);
	});
	return isWhole ? path : undefined;
}

interface Call {
	method?: string;
	query?: Readonly<Record<string, string>>;
	body?: unknown;
	signal?: AbortSignal;
}

/**
 * What a plugin answers.
 *
 * @param pluginId whose route it is.
 * @param path below the plugin's routes, filled in.
 * @throws Problem where the server or the plugin refuses, NoAnswer where nothing comes back.
 */
export async function callPlugin(
	pluginId: string,
	path: string,
	{ method = 'GET', query = {}, body, signal }: Call = {}
): Promise<unknown> {
	const address = new URL(
		`/api/v1/plugins/${encodeURIComponent(pluginId)}/routes/${path.replace(/^\//, '')}`,
		location.origin
	);
	for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
	const headers = new Headers(method === 'GET' ? {} : idempotent());
	if (body !== undefined) headers.set('Content-Type', 'application/json');
	const request = new Request(address, {
		method,
		headers,
		...(body !== undefined && { body: JSON.stringify(body) }),
		...(signal && { signal })
	});
	const response = await authenticatedFetch(request).catch((reason: unknown) => {
		if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
		throw new NoAnswer(reason);
	});
	const text = await response.text();
	const answer: unknown = text === '' ? undefined : JSON.parse(text);
	if (!response.ok) throw Problem.of(response, answer);
	return answer;
}
