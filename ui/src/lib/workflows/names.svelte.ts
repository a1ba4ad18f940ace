/** What workflows are called. Lists of executions, tasks and the like tell their ids only. */
import { SvelteMap } from 'svelte/reactivity';
import { api, ask, type Schemas } from '#lib/api/rest';
import { session } from '#lib/session/session.svelte';

/** With so many ids of the greatest length an address is as long as the server takes it. */
const AT_ONCE = 50;
/** For so long a name is not asked for again. */
const FRESH_MS = 60_000;
const STATUSES: Schemas['TemplateStatus'][] = ['DRAFT', 'PUBLISHED', 'DEPRECATED', 'ARCHIVED'];

class WorkflowNames {
	#names = new SvelteMap<string, string>();
	#askedAt = new Map<string, number>();
	#wanted = new Set<string>();

	/**
	 * What people call a workflow; its id while that is not known, and where the person may not see the workflow. All
	 * that a page shows are asked for together.
	 */
	of(id: string): string {
		const key = keyOf(id);
		if (session.can('workflow:read') && (this.#askedAt.get(key) ?? 0) < Date.now() - FRESH_MS) {
			this.#askedAt.set(key, Date.now());
			if (this.#wanted.size === 0) setTimeout(() => void this.#ask());
			this.#wanted.add(id);
		}
		return this.#names.get(key) ?? id;
	}

	/** Take note of a name that is known from elsewhere. */
	learn(id: string, name: string): void {
		this.#names.set(keyOf(id), name);
	}

	async #ask(): Promise<void> {
		const wanted = [...this.#wanted];
		this.#wanted.clear();
		for (let at = 0; at < wanted.length; at += AT_ONCE) {
			const query = { id: wanted.slice(at, at + AT_ONCE), status: STATUSES, limit: AT_ONCE };
			// ids are shown as long as names cannot be had
			const found = await ask(api.GET('/api/v1/workflows', { params: { query } })).catch(() => undefined);
			for (const { id, name } of found?.items ?? []) this.learn(id, name);
		}
	}
}

/** Tenants have workflows of the same id. */
function keyOf(id: string): string {
	return `${session.me?.tenant?.id ?? ''} ${id}`;
}

export const workflowNames = new WorkflowNames();
