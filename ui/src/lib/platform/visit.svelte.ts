/** An operator's visit to a tenant: an hour in which everything is allowed there, and recorded with a reason. */
import { goto } from '$app/navigation';
import { live } from '#lib/api/live.svelte';
import { api, ask, idempotent } from '#lib/api/rest';
import { session } from '#lib/session/session.svelte';

const STORED = 'weft.visit';
const HOUR = 3_600_000;

interface Stay {
	tenant: string;
	reason: string;
	/** Milliseconds since 1970. */
	until: number;
}

function stored(): Stay | null {
	try {
		return JSON.parse(localStorage.getItem(STORED) ?? 'null') as Stay | null;
	} catch {
		return null;
	}
}

class Visit {
	#stay = $state.raw<Stay | null>(stored());

	/** The visit that is going on, if any. */
	get current(): Stay | null {
		const stay = this.#stay;
		return stay && stay.tenant === session.me?.tenant?.id && stay.until > Date.now() ? stay : null;
	}

	/** Enter a tenant. The session of before waits until the visit is over. */
	async enter(tenant: string, reason: string): Promise<void> {
		await ask(
			api.POST('/api/v1/platform/tenants/{tenant_id}/enter', {
				params: { path: { tenant_id: tenant }, header: idempotent() },
				body: { reason }
			})
		);
		live.close();
		await session.load();
		this.#keep({ tenant: session.me?.tenant?.id ?? '', reason, until: Date.now() + HOUR });
		await goto('/');
	}

	/** End the visit, and go on where it began; sign in anew where that session is over. */
	async leave(): Promise<void> {
		const email = session.me?.email ?? '';
		this.#keep(null);
		live.close();
		try {
			await ask(api.POST('/api/v1/auth/leave'));
			await session.load();
			await goto('/');
		} catch {
			await session.signOut();
			await goto(`/sign-in?email=${encodeURIComponent(email)}`);
		}
	}

	#keep(stay: Stay | null): void {
		this.#stay = stay;
		if (stay) localStorage.setItem(STORED, JSON.stringify(stay));
		else localStorage.removeItem(STORED);
	}
}

export const visit = new Visit();
