/** Changing what an account holds of its person. */
import { Problem } from '#lib/api/problem';
import { api, ask, askWhole, type Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';
import { session } from '#lib/session/session.svelte';
import { toast } from '#lib/ui/toast';

/**
 * Change something, unless it was changed elsewhere since it was last seen here: then what is there is shown instead.
 *
 * @returns whether it is changed.
 */
export function saveProfile(changes: Schemas['ProfileBody']): Promise<boolean> {
	// one after the other: a change of one's own must not look like one from elsewhere
	saving = saving.then(() => save(changes));
	return saving;
}

let saving: Promise<boolean> = Promise.resolve(true);

async function save(changes: Schemas['ProfileBody']): Promise<boolean> {
	try {
		const { data, response } = await askWhole(api.GET('/api/v1/auth/me'));
		if (isStale(data)) {
			session.take(data);
			toast.info(m.account_profile_changed_elsewhere());
			return false;
		}
		const tag = response.headers.get('etag');
		session.take(
			await ask(
				api.PATCH('/api/v1/auth/me', { params: { header: tag ? { 'if-match': tag } : {} }, body: changes })
			)
		);
		toast.done(m.common_saved());
		return true;
	} catch (error) {
		if (error instanceof Problem && error.status === 412) {
			await session.load();
			toast.info(m.account_profile_changed_elsewhere());
		} else toast.failed(error);
		return false;
	}
}

function isStale(now: Schemas['MeOut']): boolean {
	const { name, language, timeZone, preferences } = session.me ?? now;
	const shown = JSON.stringify([name, language, timeZone, preferences]);
	return JSON.stringify([now.name, now.language, now.timeZone, now.preferences]) !== shown;
}
