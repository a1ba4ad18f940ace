import { describe, expect, it } from 'vitest';
import { filled, plain } from './calls';

describe('routes of plugins', () => {
	it('are filled with what a row holds', () => {
		expect(filled('/roles/{role}/end', { role: 'a/b c' })).toBe('/roles/a%2Fb%20c/end');
		expect(filled('/roles')).toBe('/roles');
	});

	it('lead nowhere where the row lacks what they need', () => {
		expect(filled('/executions/{executionId}', { executionId: null })).toBeUndefined();
		expect(filled('/executions/{executionId}', {})).toBeUndefined();
	});

	it('show any value as text', () => {
		expect([plain(0), plain(false), plain(null), plain({ a: 1 })]).toEqual(['0', 'false', '', '{"a":1}']);
	});
});
