/**
 * The REST API, typed by its OpenAPI document.
 *
 * `ask(api.GET('/api/v1/tasks', …))` gives the answer's body, and throws a `Problem` where the server refuses.
 */
import createClient from 'openapi-fetch';
import type { components, paths } from './openapi';
import { authenticatedFetch } from './session-fetch';
import { NoAnswer, Problem } from './problem';

export type Schemas = components['schemas'];

export const api = createClient<paths>({ baseUrl: '', fetch: authenticatedFetch });

interface Answered<Data> {
	data?: Data;
	error?: unknown;
	response: Response;
}

/**
 * What a call answers.
 *
 * @throws Problem where the server refuses, NoAnswer where it cannot be reached.
 */
export async function ask<Data>(call: Promise<Answered<Data>>): Promise<Data> {
	return (await askWhole(call)).data;
}

/** What a call answers, with its headers: for entity tags. */
export async function askWhole<Data>(
	call: Promise<Answered<Data>>
): Promise<{ data: Data; response: Response }> {
	const answer = await call.catch((reason: unknown) => {
		if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
		throw new NoAnswer(reason);
	});
	if (!answer.response.ok) throw Problem.of(answer.response, answer.error);
	return { data: answer.data as Data, response: answer.response };
}

/** The header that lets what creates or acts be sent twice without being done twice. */
export function idempotent(): { 'Idempotency-Key': string } {
	return { 'Idempotency-Key': crypto.randomUUID() };
}
