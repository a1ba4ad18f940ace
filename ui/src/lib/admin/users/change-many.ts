/** Does one thing to several members at once, once it was confirmed. */
import { api, ask, idempotent, type Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import { confirmed } from '#lib/ui/confirm.svelte';
import { toast } from '#lib/ui/toast';

type Member = Schemas['MemberOut'];
type Item = Schemas['MembersBody']['items'][number];
export type Act = 'invite' | 'enable' | 'disable' | 'remove';

const PIECE = 100;

/** How many names a question lists. */
const NAMED = 5;

function names(members: readonly Member[]): string {
	const shown = members.slice(0, NAMED).map((each) => each.name ?? each.email);
	const rest = members.length - shown.length;
	return shown.join(', ') + (rest > 0 ? ` ${m.admin_users_and_more({ count: rest })}` : '');
}

function question(act: Act, members: readonly Member[]) {
	const who = names(members);
	switch (act) {
		case 'invite':
			return {
				title: m.admin_users_invite_again(),
				body: m.admin_users_invite_again_text({ who }),
				action: m.admin_users_invite_again()
			};
		case 'enable':
			return {
				title: m.admin_users_enable_title(),
				body: m.admin_users_enable_text({ who }),
				action: m.admin_users_enable()
			};
		case 'disable':
			return {
				title: m.admin_users_disable_title(),
				body: m.admin_users_disable_text({ who }),
				action: m.admin_users_disable(),
				danger: true
			};
		case 'remove':
			return {
				title: m.admin_users_remove_title(),
				body: m.admin_users_remove_text({ who }),
				action: m.common_remove(),
				danger: true
			};
	}
}

function itemFor(act: Act, id: string): Item {
	switch (act) {
		case 'invite':
			return { act: 'invite', id };
		case 'enable':
			return { act: 'change', id, status: 'active' };
		case 'disable':
			return { act: 'change', id, status: 'disabled' };
		case 'remove':
			return { act: 'remove', id };
	}
}

/**
 * Ask, and do it to each.
 *
 * @returns whether anything was done.
 */
export async function changeMany(act: Act, members: readonly Member[]): Promise<boolean> {
	if (!(await confirmed(question(act, members)))) return false;
	let done = 0;
	const refused: string[] = [];
	try {
		for (let start = 0; start < members.length; start += PIECE) {
			const piece = members.slice(start, start + PIECE);
			const { items } = await ask(
				api.POST('/api/v1/users/bulk', {
					params: { header: idempotent() },
					body: { items: piece.map((each) => itemFor(act, each.id)) }
				})
			);
			for (const each of items) {
				if (each.status === 'done') done++;
				else refused.push(`${piece[each.index]?.email}: ${each.error?.detail ?? ''}`);
			}
		}
	} catch (error) {
		toast.failed(error);
	}
	if (refused.length > 0) toast.failed(new Error(refused.slice(0, 3).join('\n')));
	if (done > 0) toast.done(m.admin_users_changed({ count: done }));
	return done > 0;
}
