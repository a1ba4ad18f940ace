/** What this browser keeps of a draft until the server has it: nothing that was drawn is lost by a crash of either. */
import type { Definition } from './definition';

export interface LocalCopy {
	/** The window that keeps it. */
	window: string;
	definition: Definition;
	basedOnVersion: number | null;
	basedOnEtag: string | null;
	/** The entity tag of the working copy that it continues. */
	copyEtag: string | null;
	/** ISO 8601. */
	savedAt: string;
}

/** Where one person's copy of one workflow is kept. */
export function localKey(tenant: string, user: string, workflow: string): string {
	return `weftline.draft/${tenant}/${user}/${workflow}`;
}

export function readLocal(key: string, storage: Storage = localStorage): LocalCopy | undefined {
	try {
		const text = storage.getItem(key);
		return text === null ? undefined : (JSON.parse(text) as LocalCopy);
	} catch {
		return undefined;
	}
}

/**
 * Keep a copy.
 *
 * @returns whether there was room for it.
 */
export function writeLocal(key: string, copy: LocalCopy, storage: Storage = localStorage): boolean {
	try {
		storage.setItem(key, JSON.stringify(copy));
		return true;
	} catch {
		return false;
	}
}

/** Forget a copy, but not the one that another window keeps meanwhile. */
export function dropLocal(key: string, window: string, storage: Storage = localStorage): void {
	if (readLocal(key, storage)?.window !== window) return;
	try {
		storage.removeItem(key);
	} catch {
		// a browser that keeps nothing has nothing to lose
	}
}
