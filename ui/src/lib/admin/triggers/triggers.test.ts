import { expect, test } from 'vitest';
import { gist, nameOf } from './triggers';

test('a trigger says in a line when it fires', () => {
	expect(gist({ type: 'schedule', declaration: { cron: '0 2 * * *', timezone: 'Europe/Berlin' } })).toBe(
		'0 2 * * * · Europe/Berlin'
	);
	expect(gist({ type: 'schedule', declaration: { every: '15m' } })).toBe('15m');
	expect(gist({ type: 'event', declaration: { event: 'orders.*' } })).toBe('orders.*');
	expect(gist({ type: 'webhook', declaration: { methods: ['POST'] } })).toBe('');
	const mail = { integration: 'imap', trigger: 'newMail', connection: 'office' };
	expect(gist({ type: 'integration', declaration: mail })).toBe('imap.newMail · office');
});

test('a trigger without a name is called by its id in the workflow', () => {
	expect(nameOf({ name: null, key: 'shop' })).toBe('shop');
	expect(nameOf({ name: 'Shop', key: 'shop' })).toBe('Shop');
});
