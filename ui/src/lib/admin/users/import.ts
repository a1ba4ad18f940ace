/** People to invite, as they come out of a spreadsheet. */
import type { Schemas } from '#lib/api/rest';

export interface ImportLine {
	/** In the pasted text, from 1. */
	line: number;
	email: string;
	name: string | null;
	roles: string[];
	department: string | null;
}

const COLUMNS = ['email', 'name', 'roles', 'department'] as const;
type Column = (typeof COLUMNS)[number];

const NAMES: Record<string, Column> = {
	email: 'email',
	'e-mail': 'email',
	name: 'name',
	role: 'roles',
	roles: 'roles',
	rolle: 'roles',
	rollen: 'roles',
	department: 'department',
	abteilung: 'department'
};

/**
 * Read pasted lines: address, name, roles, department; separated by commas, semicolons or tabs. A first line that
 * names columns says in which order they stand; several roles in one cell are separated by spaces or `|`.
 */
export function readPeople(text: string): ImportLine[] {
	const lines = text.split(/\r?\n/).map((each, index) => ({ text: each, line: index + 1 }));
	const filled = lines.filter((each) => each.text.trim() !== '');
	const first = filled[0];
	if (first === undefined) return [];
	const separator = separatorOf(first.text);
	const heads = cells(first.text, separator).map((each) => NAMES[each.toLowerCase()]);
	const isHead = heads.includes('email');
	const order: readonly (Column | undefined)[] = isHead ? heads : COLUMNS;
	return filled.slice(isHead ? 1 : 0).map(({ text: each, line }) => {
		const found: Partial<Record<Column, string>> = {};
		cells(each, separator).forEach((cell, place) => {
			const column = order[place];
			if (column !== undefined) found[column] = cell;
		});
		return {
			line,
			email: found.email ?? '',
			name: found.name || null,
			roles: (found.roles ?? '').split(/[\s|]+/).filter(Boolean),
			department: found.department || null
		};
	});
}

/** What the server is asked to do for each line. */
export function toItems(people: readonly ImportLine[]): Schemas['MembersBody']['items'] {
	return people.map(({ email, name, roles, department }) => ({
		act: 'add' as const,
		email,
		name,
		roles,
		department
	}));
}

function separatorOf(line: string): string {
	return ['\t', ';', ','].find((each) => line.includes(each)) ?? ',';
}

/** The cells of a line; one in quotation marks may hold the separator, and doubled quotation marks. */
function cells(line: string, separator: string): string[] {
	const found: string[] = [];
	let cell = '';
	let isQuoted = false;
	for (let place = 0; place < line.length; place++) {
		const letter = line[place]!;
		if (isQuoted && letter === '"' && line[place + 1] === '"') {
			cell += '"';
			place++;
		} else if (letter === '"' && (isQuoted || cell.trim() === '')) isQuoted = !isQuoted;
		else if (letter === separator && !isQuoted) {
			found.push(cell.trim());
			cell = '';
		} else cell += letter;
	}
	return [...found, cell.trim()];
}
