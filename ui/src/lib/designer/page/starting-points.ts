/** What a new workflow can begin as. */
import { m } from '#lib/paraglide/messages';
import type { Definition } from '../document/definition';

export type StartingPoint = 'empty' | 'approval' | 'calls' | 'parallel';

/** What the workflow puts the subject of a request in for. */
const SUBJECT = '${subject}';

/** A definition to begin with, with its names in the language of whoever begins it. */
export function begun(point: StartingPoint, id: string, name: string): Definition {
	return { id, name, nodes: [], ...PARTS[point]() };
}

const PARTS: Record<StartingPoint, () => Omit<Definition, 'id'>> = {
	empty: () => ({ nodes: [] }),
	approval: () => ({
		input: {
			type: 'object',
			required: ['requester', 'subject'],
			properties: {
				requester: { type: 'string', format: 'email', title: m.designer_begin_requester() },
				subject: { type: 'string', title: m.designer_begin_subject() }
			}
		},
		nodes: [
			{ id: 'start', type: 'start', next: 'decide' },
			{
				id: 'decide',
				type: 'approval',
				name: m.designer_begin_decide(),
				dueIn: '2d',
				form: {
					type: 'object',
					properties: { comment: { type: 'string', title: m.designer_begin_comment() } }
				},
				outcomes: { rejected: 'tell-rejected' },
				next: 'tell-approved'
			},
			{
				id: 'tell-approved',
				type: 'notification',
				name: m.designer_begin_tell_approved(),
				channel: 'email',
				to: '${requester}',
				subject: m.designer_begin_approved_subject({ subject: SUBJECT }),
				message: m.designer_begin_approved_text({ subject: SUBJECT }),
				next: 'end'
			},
			{
				id: 'tell-rejected',
				type: 'notification',
				name: m.designer_begin_tell_rejected(),
				channel: 'email',
				to: '${requester}',
				subject: m.designer_begin_rejected_subject({ subject: SUBJECT }),
				message: m.designer_begin_rejected_text({ subject: SUBJECT }),
				next: 'end'
			},
			{ id: 'end', type: 'end' }
		]
	}),
	calls: () => ({
		settings: { retry: { maxAttempts: 3 }, errorHandling: 'compensate' },
		nodes: [
			{ id: 'start', type: 'start', next: 'request' },
			{
				id: 'request',
				type: 'http',
				name: m.designer_begin_ask(),
				method: 'GET',
				url: 'https://api.example/orders',
				timeout: '30s',
				onError: 'give-up',
				next: 'is-there'
			},
			{
				id: 'is-there',
				type: 'decision',
				name: m.designer_begin_anything(),
				condition: 'size(steps.request.output.body) > 0',
				true: 'remember',
				false: 'end'
			},
			{
				id: 'remember',
				type: 'set',
				name: m.designer_begin_remember(),
				values: { answer: '${steps.request.output.body}' },
				next: 'end'
			},
			{
				id: 'give-up',
				type: 'fail',
				name: m.designer_begin_give_up(),
				code: 'not_reached',
				message: m.designer_begin_no_answer()
			},
			{ id: 'end', type: 'end' }
		]
	}),
	parallel: () => ({
		nodes: [
			{ id: 'start', type: 'start', next: 'both' },
			{
				id: 'both',
				type: 'parallel',
				name: m.designer_begin_both(),
				branches: [
					{ name: 'first', next: 'first' },
					{ name: 'second', next: 'second' }
				],
				next: 'end'
			},
			{
				id: 'first',
				type: 'action',
				name: m.designer_begin_first(),
				action: 'echo',
				input: { text: 'first' }
			},
			{
				id: 'second',
				type: 'action',
				name: m.designer_begin_second(),
				action: 'echo',
				input: { text: 'second' }
			},
			{ id: 'end', type: 'end' }
		]
	})
};
