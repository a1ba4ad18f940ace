/**
 * GraphQL, typed by the schema: for what joins several things on one page. Everything else is asked by REST.
 */
import { Client, CombinedError, fetchExchange, type AnyVariables } from '@urql/core';
import { initGraphQLTada, type TadaDocumentNode } from 'gql.tada';
import type { introspection } from './graphql-env';
import { NoAnswer, Problem } from './problem';
import { authenticatedFetch } from './session-fetch';

export const graphql = initGraphQLTada<{
	introspection: introspection;
	scalars: { JSON: unknown; DateTime: string; UUID: string };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from 'gql.tada';

const client = new Client({
	url: '/graphql',
	exchanges: [fetchExchange],
	preferGetMethod: false,
	fetch: (input, init) => authenticatedFetch(new Request(input, init))
});

/**
 * What a query answers.
 *
 * @throws Problem where the server refuses, NoAnswer where it cannot be reached.
 */
export async function query<Data, Variables extends AnyVariables>(
	document: TadaDocumentNode<Data, Variables>,
	variables: Variables,
	signal?: AbortSignal
): Promise<Data> {
	const answer = await client
		.query(document, variables, { fetchOptions: signal ? { signal } : {} })
		.toPromise();
	if (answer.error) throw asProblem(answer.error);
	return answer.data as Data;
}

function asProblem(error: CombinedError): Error {
	const first = error.graphQLErrors[0];
	if (first === undefined) return new NoAnswer(error.networkError ?? error);
	const told = first.extensions as Record<string, unknown>;
	const status = typeof told['status'] === 'number' ? told['status'] : 400;
	const code = typeof told['code'] === 'string' ? told['code'] : 'graphql_error';
	return new Problem(status, code, first.message, first.message);
}
