/** Who is signed in, in which tenant, and what they may do there. */
import { api, ask, type Schemas } from '#lib/api/rest';
import { live } from '#lib/api/live.svelte';
import { hasSession, refreshSession } from '#lib/api/session-fetch';
import { locale } from '#lib/i18n/locale.svelte';
import { isLocale } from '#lib/paraglide/runtime';
import { theme } from '#lib/shell/theme.svelte';

export type Me = Schemas['MeOut'];

class Session {
	me = $state<Me | null>(null);
	#permissions = $derived(
		new Set([...(this.me?.permissions ?? []), ...(this.me?.permissionsOnWorkflows ?? [])])
	);

	/**
	 * Whether the person may do something, on some workflows at least: a permission's name, like `workflow:publish`. On
	 * which, the server says.
	 */
	can(permission: string): boolean {
		return this.#permissions.has(permission);
	}

	/**
	 * See who is signed in.
	 *
	 * @returns whether anybody is.
	 */
	async load(): Promise<boolean> {
		if (!hasSession()) {
			this.me = null;
			return false;
		}
		try {
			this.take(await ask(api.GET('/api/v1/auth/me')));
		} catch (error) {
			if ((error as { status?: number }).status !== 401) throw error;
			this.me = null;
		}
		return this.me !== null;
	}

	take(me: Me): void {
		this.me = me;
		if (me.language && isLocale(me.language)) locale.choose(me.language);
		if (me.timeZone) locale.timeZone = me.timeZone;
		if (me.preferences) theme.choose(me.preferences.theme);
	}

	/** Go on in another tenant. */
	async enter(tenant: string): Promise<void> {
		await refreshSession(Date.now(), tenant);
		live.close();
		await this.load();
	}

	async signOut(): Promise<void> {
		live.close();
		await ask(api.POST('/api/v1/auth/logout')).catch(() => undefined);
		this.me = null;
	}
}

export const session = new Session();
