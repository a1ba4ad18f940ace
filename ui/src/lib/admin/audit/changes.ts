/** What an act changed: before and after, side by side. */

export interface Change {
	/** Keys with dots between them. */
	path: string;
	kind: 'added' | 'removed' | 'changed';
	before?: unknown;
	after?: unknown;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSame(one: unknown, other: unknown): boolean {
	return JSON.stringify(one) === JSON.stringify(other);
}

/** Whatever differs; what stayed as it was is left out. */
export function changes(before: unknown, after: unknown, path = ''): Change[] {
	if (isSame(before, after)) return [];
	if (isRecord(before) && isRecord(after)) {
		const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
		return keys.flatMap((key) => changes(before[key], after[key], path ? `${path}.${key}` : key));
	}
	if (before === undefined || before === null) {
		if (isRecord(after) && Object.keys(after).length > 0) {
			return Object.keys(after)
				.sort()
				.flatMap((key) => changes(undefined, after[key], path ? `${path}.${key}` : key));
		}
		return after === undefined || after === null ? [] : [{ path, kind: 'added', after }];
	}
	if (after === undefined || after === null) {
		if (isRecord(before) && Object.keys(before).length > 0) {
			return Object.keys(before)
				.sort()
				.flatMap((key) => changes(before[key], undefined, path ? `${path}.${key}` : key));
		}
		return [{ path, kind: 'removed', before }];
	}
	return [{ path, kind: 'changed', before, after }];
}

/** A value in one line. */
export function shown(value: unknown): string {
	return typeof value === 'string' ? value : JSON.stringify(value);
}
