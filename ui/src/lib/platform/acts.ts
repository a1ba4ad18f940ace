/** What operators do to tenants and people: each asks first, and names what will happen. */
import { api, ask, idempotent, type Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import { confirmation, type Question } from '#lib/ui/confirm.svelte';
import { toast } from '#lib/ui/toast';
import { reason } from './reason.svelte';
import { visit } from './visit.svelte';

type Tenant = Pick<Schemas['TenantOut'], 'id' | 'slug' | 'name'>;
type Person = Schemas['PersonOut'];

/** Ask for a yes and a reason, and do it; tells whether it was done. */
async function asked(
	question: Question,
	act: (why: string) => Promise<unknown>,
	done?: string
): Promise<boolean> {
	const answer = await confirmation.ask({
		...question,
		reason: { label: m.platform_reason_recorded(), required: true }
	});
	if (answer === null) return false;
	try {
		await act(answer.reason);
		if (done) toast.done(done);
		return true;
	} catch (error) {
		toast.failed(error);
		return false;
	}
}

export type TenantAct = 'activate' | 'suspend' | 'archive';

export function changeTenant(act: TenantAct, tenant: Tenant): Promise<boolean> {
	const { name, slug } = tenant;
	const questions: Record<TenantAct, Question> = {
		activate: {
			title: m.platform_tenants_activate_title({ name }),
			body: m.platform_tenants_activate_text({ name }),
			action: m.platform_tenants_activate()
		},
		suspend: {
			title: m.platform_tenants_suspend_title({ name }),
			body: m.platform_tenants_suspend_text({ name }),
			action: m.platform_tenants_suspend(),
			danger: true
		},
		archive: {
			title: m.platform_tenants_archive_title({ name }),
			body: m.platform_tenants_archive_text({ name }),
			action: m.platform_tenants_archive(),
			danger: true,
			typed: slug
		}
	};
	return asked(questions[act], (why) => {
		const options = {
			params: { path: { tenant_id: tenant.id }, header: idempotent() },
			body: { reason: why }
		};
		if (act === 'activate') return ask(api.POST('/api/v1/tenants/{tenant_id}/activate', options));
		if (act === 'suspend') return ask(api.POST('/api/v1/tenants/{tenant_id}/suspend', options));
		return ask(api.POST('/api/v1/tenants/{tenant_id}/archive', options));
	});
}

export function enterTenant(tenant: Tenant): Promise<boolean> {
	return asked(
		{
			title: m.platform_visit_title({ name: tenant.name }),
			body: m.platform_visit_text({ name: tenant.name }),
			action: m.platform_visit_enter()
		},
		(why) => visit.enter(tenant.id, why)
	);
}

export type PersonAct = 'disable' | 'enable' | 'end' | 'reset';

/** The request's reason is the one of the visit; removing a second factor takes one of its own. */
export async function changePerson(act: PersonAct, person: Person): Promise<boolean> {
	const who = person.name || person.email;
	const params = { path: { user_id: person.id }, header: idempotent(), query: reason.query };
	if (act === 'reset') {
		return asked(
			{
				title: m.platform_people_reset_title({ who }),
				body: m.platform_people_reset_text({ who }),
				action: m.platform_people_reset(),
				danger: true
			},
			(why) =>
				ask(
					api.POST('/api/v1/platform/users/{user_id}/second-factor/reset', {
						params: { path: { user_id: person.id }, header: idempotent() },
						body: { reason: why }
					})
				),
			m.platform_people_reset_done({ who })
		);
	}
	const questions: Record<Exclude<PersonAct, 'reset'>, Question> = {
		disable: {
			title: m.platform_people_disable_title({ who }),
			body: m.platform_people_disable_text({ who }),
			action: m.platform_people_disable(),
			danger: true
		},
		enable: {
			title: m.platform_people_enable_title({ who }),
			body: m.platform_people_enable_text({ who }),
			action: m.platform_people_enable()
		},
		end: {
			title: m.platform_people_end_title({ who }),
			body: m.platform_people_end_text({ who }),
			action: m.platform_people_end(),
			danger: true
		}
	};
	if ((await confirmation.ask(questions[act])) === null) return false;
	try {
		if (act === 'disable') await ask(api.POST('/api/v1/platform/users/{user_id}/disable', { params }));
		else if (act === 'enable') await ask(api.POST('/api/v1/platform/users/{user_id}/enable', { params }));
		else await ask(api.POST('/api/v1/platform/users/{user_id}/sessions/end', { params }));
		toast.done(m.platform_people_done({ who }));
		return true;
	} catch (error) {
		toast.failed(error);
		return false;
	}
}
