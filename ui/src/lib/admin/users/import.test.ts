import { expect, test } from 'vitest';
import { readPeople, toItems } from './import';

test('lines without a head are address, name, roles and department', () => {
	expect(readPeople('ada@example.com, Ada Lovelace, author approver, Finance')).toEqual([
		{
			line: 1,
			email: 'ada@example.com',
			name: 'Ada Lovelace',
			roles: ['author', 'approver'],
			department: 'Finance'
		}
	]);
});

test('a head says in which order the columns stand', () => {
	const [person] = readPeople('Abteilung;E-Mail;Rolle\n\nEinkauf;grace@example.com;viewer\n');
	expect(person).toEqual({
		line: 3,
		email: 'grace@example.com',
		name: null,
		roles: ['viewer'],
		department: 'Einkauf'
	});
});

test('cells in quotation marks may hold the separator', () => {
	const [person] = readPeople('ada@example.com,"Lovelace, ""Ada""",viewer|author');
	expect(person?.name).toBe('Lovelace, "Ada"');
	expect(person?.roles).toEqual(['viewer', 'author']);
});

test('addresses alone are enough, and columns that are not known are left out', () => {
	expect(readPeople('ada@example.com\r\ngrace@example.com').map((each) => each.email)).toEqual([
		'ada@example.com',
		'grace@example.com'
	]);
	expect(readPeople('email\tphone\na@example.com\t123')[0]).toMatchObject({
		email: 'a@example.com',
		name: null
	});
	expect(readPeople('  \n ')).toEqual([]);
});

test('each line becomes an item to add', () => {
	expect(toItems(readPeople('a@example.com'))).toEqual([
		{ act: 'add', email: 'a@example.com', name: null, roles: [], department: null }
	]);
});
