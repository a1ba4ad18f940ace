/**
 * `fetch` with the session's cookies.
 *
 * A session's refresh token works once, and using it twice ends the session. So all tabs of a browser take turns (Web
 * Locks), and who comes second finds the session refreshed already.
 */
import { Problem } from './problem';

const REFRESHED_AT = 'weft.refreshedAt';
const LOCK = 'weft.refresh';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

const UNAUTHENTICATED = 'unauthenticated';
const SECOND_FACTOR_REQUIRED = 'second_factor_required';

let onSignedOut: () => void = () => {};
let onSecondFactorRequired: () => void = () => {};

/** Say what is to be done when the session is over. */
export function whenSignedOut(act: () => void): void {
	onSignedOut = act;
}

/** Say what is to be done when the server asks for a second factor before anything else. */
export function whenSecondFactorRequired(act: () => void): void {
	onSecondFactorRequired = act;
}

/** The token that proves that a page of ours sent a request; none where nobody is signed in. */
function csrfToken(): string | undefined {
	return /(?:^|;\s*)(?:__Host-)?weft_csrf=([^;]+)/.exec(document.cookie)?.[1];
}

export function hasSession(): boolean {
	return csrfToken() !== undefined;
}

function prepared(request: Request): Request {
	const token = csrfToken();
	if (token !== undefined && !SAFE.has(request.method)) request.headers.set('X-CSRF-Token', token);
	return request;
}

/**
 * Refresh the session, unless another tab has just done so.
 *
 * @param since when what failed was sent (milliseconds); a session refreshed after that is good.
 * @param tenant the tenant to change to; always refreshes.
 * @returns whether there is a session.
 * @throws Problem where the session cannot be taken to the tenant.
 */
export function refreshSession(since: number, tenant?: string): Promise<boolean> {
	return navigator.locks.request(LOCK, async () => {
		if (tenant === undefined && Number(localStorage.getItem(REFRESHED_AT)) > since) return hasSession();
		if (!hasSession()) return false;
		const answer = await fetch(
			prepared(
				new Request('/api/v1/auth/refresh', {
					method: 'POST',
					headers: { 'Content-Type': 'application/json' },
					body: JSON.stringify(tenant === undefined ? {} : { tenant })
				})
			)
		);
		if (answer.ok) {
			localStorage.setItem(REFRESHED_AT, String(Date.now()));
			return true;
		}
		if (tenant !== undefined) throw Problem.of(answer, await answer.json().catch(() => undefined));
		// a server that is away says nothing about the session
		if (answer.status >= 500 || answer.status === 429) throw Problem.of(answer, undefined);
		return false;
	});
}

/** Ask as whoever is signed in; a session that has run out is refreshed, and the request sent again. */
export async function authenticatedFetch(request: Request): Promise<Response> {
	const again = request.clone();
	const sent = Date.now();
	const answer = await fetch(prepared(request));
	if (answer.status === 403 && (await codeOf(answer)) === SECOND_FACTOR_REQUIRED) onSecondFactorRequired();
	if (answer.status !== 401) return answer;
	// whoever gives a wrong password, or a link that is used up, is told so by whatever asked for it
	if ((await codeOf(answer)) !== UNAUTHENTICATED) return answer;
	if (hasSession() && (await refreshSession(sent))) {
		const second = await fetch(prepared(again));
		if (second.status !== 401) return second;
	}
	onSignedOut();
	return answer;
}

async function codeOf(answer: Response): Promise<unknown> {
	const problem = (await answer
		.clone()
		.json()
		.catch(() => undefined)) as { code?: unknown } | undefined;
	return problem?.code;
}
