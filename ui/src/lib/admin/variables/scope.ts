/** Variables of the tenant, or of one workflow: the same calls under two addresses. */
import { api, ask, askWhole, idempotent, type Schemas } from '#lib/api/rest';
import type { Type, Variable } from './values';

/** A workflow's id; empty for the tenant's own. */
export type Scope = string;

interface Wanted {
	q?: string;
	type?: Type[];
	sort: string;
	cursor?: string;
}

export function listVariables(scope: Scope, wanted: Wanted, signal: AbortSignal) {
	const query = { limit: 100, ...wanted };
	return ask(
		scope
			? api.GET('/api/v1/workflows/{workflow_id}/variables', {
					params: { path: { workflow_id: scope }, query },
					signal
				})
			: api.GET('/api/v1/variables', { params: { query }, signal })
	);
}

export function createVariable(scope: Scope, body: Schemas['NewVariableBody']): Promise<Variable> {
	const header = idempotent();
	return ask(
		scope
			? api.POST('/api/v1/workflows/{workflow_id}/variables', {
					params: { path: { workflow_id: scope }, header },
					body
				})
			: api.POST('/api/v1/variables', { params: { header }, body })
	);
}

/** A variable as it stands, with its tag. */
export async function readVariable(
	scope: Scope,
	key: string
): Promise<{ variable: Variable; tag: string | null }> {
	const path = { variable_key: key };
	const { data, response } = await askWhole(
		scope
			? api.GET('/api/v1/workflows/{workflow_id}/variables/{variable_key}', {
					params: { path: { ...path, workflow_id: scope } }
				})
			: api.GET('/api/v1/variables/{variable_key}', { params: { path } })
	);
	return { variable: data, tag: response.headers.get('etag') };
}

/** Change a variable, unless it is not any more as it was under a tag. */
export function changeVariable(
	scope: Scope,
	key: string,
	body: Schemas['VariablePatch'],
	tag: string | null
): Promise<Variable> {
	const header = tag ? { 'if-match': tag } : {};
	return ask(
		scope
			? api.PATCH('/api/v1/workflows/{workflow_id}/variables/{variable_key}', {
					params: { path: { workflow_id: scope, variable_key: key }, header },
					body
				})
			: api.PATCH('/api/v1/variables/{variable_key}', {
					params: { path: { variable_key: key }, header },
					body
				})
	);
}

export async function removeVariable(scope: Scope, key: string): Promise<void> {
	const { tag } = await readVariable(scope, key);
	const header = tag ? { 'if-match': tag } : {};
	await ask(
		scope
			? api.DELETE('/api/v1/workflows/{workflow_id}/variables/{variable_key}', {
					params: { path: { workflow_id: scope, variable_key: key }, header }
				})
			: api.DELETE('/api/v1/variables/{variable_key}', { params: { path: { variable_key: key }, header } })
	);
}

type Items = Schemas['VariablesBody']['items'];

/** The most that one request takes. */
const BATCH = 100;

/** Set many; what became of each, in their order. */
export async function setVariables(scope: Scope, items: Items): Promise<Schemas['ItemOut'][]> {
	const results: Schemas['ItemOut'][] = [];
	for (let from = 0; from < items.length; from += BATCH) {
		const body = { items: items.slice(from, from + BATCH) };
		const header = idempotent();
		const answer = await ask(
			scope
				? api.POST('/api/v1/workflows/{workflow_id}/variables/bulk', {
						params: { path: { workflow_id: scope }, header },
						body
					})
				: api.POST('/api/v1/variables/bulk', { params: { header }, body })
		);
		results.push(...answer.items.map((item) => ({ ...item, index: item.index + from })));
	}
	return results;
}
