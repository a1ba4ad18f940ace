/** Acts on executions as the API takes them. */
import { api, askWhole, idempotent, ask, type Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import type { Detail, Run } from './run.svelte';

/** The headers and the path of an act on an execution. */
export function about(run: Run) {
	return { path: { execution_id: run.id }, header: idempotent() };
}

type Answer = Promise<{ data?: unknown; error?: unknown; response: Response }>;

/**
 * Do something to an execution, and take in what it is afterwards.
 *
 * @param done what to say where it is done; what is only on its way is told as that.
 * @throws Problem where the server refuses.
 */
export async function perform(run: Run, call: Answer, done: string): Promise<string> {
	const { data, response } = await askWhole(call);
	if (isDetail(data)) run.take(data);
	return response.status === 202 ? m.executions_on_its_way() : done;
}

function isDetail(data: unknown): data is Detail {
	return typeof data === 'object' && data !== null && 'currentSteps' in data;
}

export interface StepName {
	stepId: string;
	stepKey: string;
}

export interface RollbackPlan {
	toStepId: string | null;
	toSeq: number;
	undone: Schemas['UndoOut'][];
	cannotUndo: (StepName & { reason: string })[];
	cancelled: StepName[];
}

export interface RetryPlan {
	stepId: string | null;
	sideEffects: StepName[];
	cancelled: StepName[];
}

export interface MigrationCheck {
	possible: boolean;
	problems: { code: string; stepId: string; message: string }[];
}

/** What a rollback would do. */
export async function planRollback(
	run: Run,
	body: Partial<Schemas['RollbackBody']>,
	signal: AbortSignal
): Promise<RollbackPlan> {
	const call = api.POST('/api/v1/executions/{execution_id}/rollback', {
		params: about(run),
		body: { redo: false, pause: false, ...body, dryRun: true },
		signal
	});
	return (await ask(call)) as unknown as RollbackPlan;
}

/** What a retry would do. */
export async function planRetry(
	run: Run,
	body: Partial<Schemas['RetryBody']>,
	signal: AbortSignal
): Promise<RetryPlan> {
	const call = api.POST('/api/v1/executions/{execution_id}/retry', {
		params: about(run),
		body: { ...body, dryRun: true },
		signal
	});
	return (await ask(call)) as unknown as RetryPlan;
}

/** Whether an execution can go on in another version. */
export async function planMigration(
	run: Run,
	body: Pick<Schemas['MigrateBody'], 'version' | 'nodes'>,
	signal: AbortSignal
): Promise<MigrationCheck> {
	const call = api.POST('/api/v1/executions/{execution_id}/migrate', {
		params: about(run),
		body: { ...body, dryRun: true },
		signal
	});
	return (await ask(call)) as unknown as MigrationCheck;
}
