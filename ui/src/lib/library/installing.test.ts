import { describe, expect, it } from 'vitest';
import { bodyOf, problemAt, read, stepOf, stepsOf, typed } from './installing';

describe('installing a template', () => {
	it('takes only the steps that it needs', () => {
		expect(stepsOf({ connections: [], variables: [] })).toEqual(['name']);
		const connection = { name: 'chat', integration: 'slack', purpose: 'p' };
		expect(stepsOf({ connections: [connection], variables: [] })).toEqual(['name', 'connections']);
	});

	it('knows what a problem is about', () => {
		expect(stepOf({ pointer: '/connections/chat', message: '' })).toBe('connections');
		expect(stepOf({ pointer: '/variables/LIMIT', message: '' })).toBe('variables');
		expect(stepOf({ pointer: '/workflowId', message: '' })).toBe('name');
		expect(stepOf({ message: '' })).toBe('name');
	});

	it('finds a problem at its entry, whatever the entry is called', () => {
		const problems = [{ pointer: '/connections/a~1b~0c', message: 'needed', hint: 'Choose one' }];
		expect(problemAt(problems, 'connections', 'a/b~c')).toBe('needed. Choose one');
		expect(problemAt(problems, 'connections', 'a')).toBeUndefined();
	});

	it('reads what is typed by its type', () => {
		expect(read('NUMBER', ' 12.5 ')).toEqual({ value: 12.5 });
		expect(read('NUMBER', 'many')).toEqual({ unreadable: 'number' });
		expect(read('JSON', '{"a": 1}')).toEqual({ value: { a: 1 } });
		expect(read('JSON', '{a}')).toEqual({ unreadable: 'json' });
		expect(read('BOOLEAN', 'false')).toEqual({ value: false });
		expect(read('STRING', '12')).toEqual({ value: '12' });
		expect(read('SECRET', '')).toEqual({});
	});

	it('shows a default as it would be typed', () => {
		expect([typed(null), typed('x'), typed(5), typed({ a: [1] })]).toEqual(['', 'x', '5', '{"a":[1]}']);
	});

	it('sends no connection that was not chosen, and no name that is empty', () => {
		expect(bodyOf(' ', '', { chat: '', code: 'github' }, { LIMIT: 5 })).toEqual({
			connections: { code: 'github' },
			variables: { LIMIT: 5 }
		});
		expect(bodyOf(' A ', ' a ', {}, {})).toMatchObject({ name: 'A', workflowId: 'a' });
	});
});
