import { expect, test } from 'vitest';
import { valueOf, withValue } from './fields';

test('a setting that is not there falls back', () => {
	expect(valueOf({}, 'security', 'requireMfa')).toBeUndefined();
	expect(valueOf({ security: { requireMfa: false } }, 'security', 'requireMfa')).toBe(false);
	expect(valueOf({ security: null }, 'security', 'requireMfa')).toBeUndefined();
});

test('a setting is changed without touching the others', () => {
	const before = { security: { requireMfa: true }, features: ['a'] };
	expect(withValue(before, 'security', 'apiKeyMaxDays', 30)).toEqual({
		security: { requireMfa: true, apiKeyMaxDays: 30 },
		features: ['a']
	});
	expect(before.security).toEqual({ requireMfa: true });
});

test('what falls back again is left out, and so is a section without any', () => {
	expect(withValue({ security: { requireMfa: true } }, 'security', 'requireMfa', undefined)).toEqual({});
});
