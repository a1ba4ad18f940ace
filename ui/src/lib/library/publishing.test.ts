import { describe, expect, it } from 'vitest';
import { begun, bodyOf, templateIdFrom, type Proposal, type Publication } from './publishing';

const PROPOSAL: Proposal = {
	workflowVersion: 3,
	name: 'Travel',
	description: null,
	connections: [{ name: 'acme-slack', placeholder: 'slack', integration: 'slack' }],
	variables: [
		{ key: 'LIMIT', type: 'NUMBER', title: { en: 'LIMIT' }, description: null, default: 800 },
		{ key: 'TOKEN', type: 'SECRET', title: { en: 'TOKEN' }, description: null, default: null }
	],
	findings: []
};

describe('publishing a template', () => {
	it('begins with what the workflow needs', () => {
		const entered = begun(PROPOSAL);
		expect(entered.name).toEqual({ en: 'Travel', de: '' });
		expect(entered.connections[0]?.placeholder).toBe('slack');
		expect(entered.variables.map((each) => each.default)).toEqual(['800', '']);
	});

	it('begins with what was published before, where the workflow still needs it', () => {
		const published = {
			visibility: 'PUBLIC',
			author: 'Acme',
			template: {
				category: 'people',
				name: { en: 'Travel', de: 'Reise' },
				description: { en: 'Goes far.' },
				connections: { slack: { integration: 'slack', purpose: { en: 'Tells.' } } },
				variables: [
					{ key: 'LIMIT', type: 'NUMBER', title: { en: 'Limit' }, default: 5 },
					{ key: 'GONE', type: 'STRING', title: { en: 'Gone' } }
				]
			}
		} as unknown as Publication;
		const entered = begun(PROPOSAL, published);
		expect(entered).toMatchObject({ visibility: 'PUBLIC', author: 'Acme', category: 'people' });
		expect(entered.connections[0]?.purpose.en).toBe('Tells.');
		expect(entered.variables.map((each) => [each.key, each.title.en, each.default])).toEqual([
			['LIMIT', 'Limit', '5'],
			['TOKEN', 'TOKEN', '']
		]);
	});

	it('sends texts in the languages that were filled in, and no value of a secret', () => {
		const entered = begun(PROPOSAL);
		entered.category = 'people';
		entered.description = { en: ' Far ', de: '' };
		entered.tags = 'a, b,, ';
		entered.variables[1]!.default = 'never';
		expect(bodyOf(entered)).toMatchObject({
			description: { en: 'Far' },
			tags: ['a', 'b'],
			connections: { 'acme-slack': { placeholder: 'slack' } },
			variables: [
				{ key: 'LIMIT', type: 'NUMBER', title: { en: 'LIMIT' }, default: 800 },
				{ key: 'TOKEN', type: 'SECRET', title: { en: 'TOKEN' } }
			]
		});
		expect(JSON.stringify(bodyOf(entered))).not.toContain('never');
	});

	it('makes an id of a workflow’s', () => {
		expect([templateIdFrom('Travel_Request.v2'), templateIdFrom('2-fast')]).toEqual([
			'travel-request-v2',
			'fast'
		]);
	});
});
