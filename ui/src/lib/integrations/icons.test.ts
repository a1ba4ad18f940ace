import { describe, expect, test } from 'vitest';
import { iconOf, monogram, tintOf } from './icons';

describe('integrations without an icon', () => {
	test('are known by the letters that they begin with', () => {
		expect(monogram('Pet store')).toBe('PS');
		expect(monogram('petStore')).toBe('PS');
		expect(monogram('kundenportal')).toBe('KU');
		expect(monogram('Überweisungen (v2)')).toBe('ÜV');
		expect(monogram('…')).toBe('?');
	});

	test('have one colour each', () => {
		expect(tintOf('pet-store')).toBe(tintOf('pet-store'));
		expect(new Set(['amqp', 'files', 'github', 'http', 'imap', 'kong'].map(tintOf)).size).toBeGreaterThan(2);
	});

	test('are those whose icon nobody has drawn', () => {
		expect(iconOf('mail')).toBeDefined();
		expect(iconOf('constructor-of-nothing')).toBeUndefined();
	});
});
