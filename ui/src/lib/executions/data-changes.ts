/** What must be set and removed for shared data to become other data. */
export function changesOf(
	before: Readonly<Record<string, unknown>>,
	after: Readonly<Record<string, unknown>>
): { set: Record<string, unknown>; remove: string[] } {
	const set = Object.entries(after).filter(
		([name, value]) => !(name in before) || JSON.stringify(before[name]) !== JSON.stringify(value)
	);
	return { set: Object.fromEntries(set), remove: Object.keys(before).filter((name) => !(name in after)) };
}
