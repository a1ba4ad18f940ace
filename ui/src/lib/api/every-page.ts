/** Lists that are needed as a whole, such as what is offered to choose from. */

interface PageOf<Row> {
	items: readonly Row[];
	nextCursor?: string | null;
}

/**
 * Every row of a list, read page by page.
 *
 * @param read asks for the page after a cursor; for the first one without.
 */
export async function everyPage<Row>(
	read: (query: { limit: number; cursor?: string }) => Promise<PageOf<Row>>
): Promise<Row[]> {
	const rows: Row[] = [];
	let cursor: string | null | undefined;
	do {
		const page = await read({ limit: 200, ...(cursor && { cursor }) });
		rows.push(...page.items);
		cursor = page.nextCursor;
	} while (cursor);
	return rows;
}
