import { describe, expect, it } from 'vitest';
import { isCurrent } from './is-current';

describe('the page of the navigation that is open', () => {
	it('is the one above what is shown', () => {
		expect(isCurrent('/library', '/library/purchase-approval')).toBe(true);
		expect(isCurrent('/library', '/libraries')).toBe(false);
		expect(isCurrent('/platform', '/platform/tenants')).toBe(false);
	});

	it('is a plugin’s own page, and not that of all plugins', () => {
		expect(isCurrent('/plugins', '/plugins/gadgets')).toBe(true);
		expect(isCurrent('/plugins', '/plugins/gadgets/orders')).toBe(false);
		expect(isCurrent('/plugins/gadgets/orders', '/plugins/gadgets/orders')).toBe(true);
	});
});
