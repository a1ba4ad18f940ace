import { expect, test } from 'vitest';
import { byArea, idFor, permissionsOf, wouldCircle, type Role } from './roles';

function role(id: string, permissions: string[], inherits: string[] = []): Role {
	return { id, name: id, description: null, builtIn: false, permissions, inherits, requiresMfa: false };
}

const ROLES = [
	role('base', ['workflow:read']),
	role('middle', ['execution:start'], ['base']),
	role('top', ['workflow:read', 'execution:cancel'], ['middle', 'base'])
];

test('a role has what the roles that it inherits have, however far up', () => {
	expect(Object.fromEntries(permissionsOf(ROLES[2]!, ROLES))).toEqual({
		'workflow:read': ['top', 'base'],
		'execution:cancel': ['top'],
		'execution:start': ['middle']
	});
});

test('roles that inherit each other end, and unknown parents give nothing', () => {
	const circle = [role('a', ['x:y'], ['b']), role('b', [], ['a', 'gone'])];
	expect(Object.fromEntries(permissionsOf(circle[0]!, circle))).toEqual({ 'x:y': ['a'] });
});

test('a role cannot inherit itself, nor what inherits it', () => {
	expect([...wouldCircle('base', ROLES)].sort()).toEqual(['base', 'middle', 'top']);
	expect([...wouldCircle('top', ROLES)]).toEqual(['top']);
});

test('permissions are grouped by what they are about, and searched by name and words', () => {
	const permissions = [
		{ name: 'workflow:read', description: 'See workflows.', roles: [] },
		{ name: 'audit:read', description: 'Search the log.', roles: [] },
		{ name: 'workflow:write', description: 'Change workflows.', roles: [] }
	];
	expect(byArea(permissions).map(([area, each]) => [area, each.length])).toEqual([
		['audit', 1],
		['workflow', 2]
	]);
	expect(byArea(permissions, 'CHANGE').map(([area]) => area)).toEqual(['workflow']);
});

test('an id is made of a name', () => {
	expect(idFor(' Schichtführer (Nacht) ')).toBe('schichtfuehrer-nacht');
});
