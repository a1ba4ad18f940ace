import { redirect } from '@sveltejs/kit';
import { session } from '#lib/session/session.svelte';
import type { LayoutLoad } from './$types';

/** Pages for those who are signed in; everybody else signs in first, and comes back. */
export const load: LayoutLoad = async ({ url }) => {
	if (session.me === null && !(await session.load())) {
		const next = url.pathname + url.search;
		redirect(307, next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`);
	}
};
