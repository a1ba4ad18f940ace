/**
 * Live updates over one WebSocket, opened while anybody follows something.
 *
 * Each subscription keeps the position of the last event that it has seen, so a lost connection or a restarted server
 * loses nothing: the next connection goes on from there (`docs/guides/live-updates.md`).
 */
import { untrack } from 'svelte';
import { refreshSession } from './session-fetch';

/** What can be followed. */
export type Followed =
	{ tenant: true } | { tasks: true } | { workflow: string } | { execution: string; after?: number };

export interface LiveEvent {
	kind: string;
	position?: string;
	workflowId?: string | null;
	executionId?: string | null;
	seq?: number | null;
	stepId?: string | null;
	scope?: string | null;
	visit?: number | null;
	taskId?: string | null;
	occurredAt: string;
	data?: unknown;
}

interface Subscription {
	id: string;
	followed: Followed;
	kinds: readonly string[] | undefined;
	after: string | number | undefined;
	/** It had to wait for the connection: what was read meanwhile may be older than its first event. */
	isLate: boolean;
	onEvents: (events: LiveEvent[]) => void;
	onGap: () => void;
}

type Message =
	| { type: 'connected' }
	| { type: 'subscribed'; id: string; position: string | number }
	| { type: 'events'; id: string; position: string | number; events: LiveEvent[] }
	| { type: 'ended'; id: string; problem: Refusal }
	| { type: 'error'; problem: Refusal }
	| { type: 'pong' | 'unsubscribed' };

/** A problem document, as far as it matters here. */
interface Refusal {
	code: string;
	detail?: string;
}

const UNKNOWN_CLIENT = 4401;
const FIRST_WAIT = 250;
const LONGEST_WAIT = 10_000;
const PING_EVERY = 20_000;
/** Milliseconds without a word after which a connection is taken for dead. */
const SILENCE = 45_000;
const IDLE_CLOSE = 5_000;

class Live {
	/** `offline` while the server cannot be reached. */
	state = $state<'idle' | 'connecting' | 'online' | 'offline'>('idle');
	/** Why the server does not tell what is followed; what is shown may be out of date until the page is loaded anew. */
	refusal = $state<string>();

	#socket: WebSocket | undefined;
	#subscriptions = new Map<string, Subscription>();
	#next = 1;
	#wait = FIRST_WAIT;
	#reconnect: ReturnType<typeof setTimeout> | undefined;
	#closing: ReturnType<typeof setTimeout> | undefined;
	#pinging: ReturnType<typeof setInterval> | undefined;
	#heard = 0;

	/**
	 * Follow what happens, until the returned function is called.
	 *
	 * @param followed the tenant, a workflow, an execution, or one's tasks.
	 * @param onEvents called with what happened, in order.
	 * @param options.kinds only these; `task.*` for all of an area.
	 * @param options.onGap called where events may be missing, as they are before the connection is there: what is shown
	 *   must be read anew.
	 */
	follow(
		followed: Followed,
		onEvents: (events: LiveEvent[]) => void,
		options: { kinds?: readonly string[]; onGap?: () => void } = {}
	): () => void {
		const subscription: Subscription = {
			id: String(this.#next++),
			followed,
			kinds: options.kinds,
			after: 'execution' in followed ? followed.after : undefined,
			isLate: false,
			onEvents,
			onGap: options.onGap ?? (() => {})
		};
		this.#subscriptions.set(subscription.id, subscription);
		clearTimeout(this.#closing);
		// an effect that follows must not begin anew whenever the connection comes or goes
		untrack(() => {
			if (this.state === 'online') this.#subscribe(subscription);
			else if (this.#socket === undefined && this.#reconnect === undefined) this.#connect();
		});
		return () => {
			this.#subscriptions.delete(subscription.id);
			if (untrack(() => this.state) === 'online') this.#say({ type: 'unsubscribe', id: subscription.id });
			if (this.#subscriptions.size === 0) {
				// pages that follow one another share the connection
				this.#closing = setTimeout(() => this.#subscriptions.size === 0 && this.close(), IDLE_CLOSE);
			}
		};
	}

	/** Give the connection up; what is followed is followed again by the next one. */
	close(): void {
		clearTimeout(this.#reconnect);
		clearInterval(this.#pinging);
		this.#reconnect = undefined;
		const socket = this.#socket;
		this.#socket = undefined;
		this.state = 'idle';
		this.refusal = undefined;
		socket?.close();
	}

	#connect(): void {
		this.#reconnect = undefined;
		if (this.state !== 'offline') this.state = 'connecting';
		const address = new URL('/ws', location.href);
		address.protocol = address.protocol.replace('http', 'ws');
		const socket = new WebSocket(address);
		this.#socket = socket;
		socket.onmessage = (message: MessageEvent<string>) => {
			if (socket !== this.#socket) return;
			this.#heard = Date.now();
			this.#hear(JSON.parse(message.data) as Message);
		};
		socket.onclose = (event) => {
			if (socket !== this.#socket) return;
			this.#socket = undefined;
			clearInterval(this.#pinging);
			void this.#lost(event.code);
		};
	}

	async #lost(code: number): Promise<void> {
		this.state = 'offline';
		const closed = Date.now();
		if (this.#subscriptions.size === 0) return;
		if (code === UNKNOWN_CLIENT) {
			const isSignedIn = await refreshSession(closed).catch(() => true);
			if (!isSignedIn) return;
		}
		// jitter: a thousand browsers must not come back to a restarted server at the same moment
		const wait = this.#wait * (0.5 + Math.random());
		this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
		this.#reconnect = setTimeout(() => this.#connect(), wait);
	}

	#hear(message: Message): void {
		switch (message.type) {
			case 'connected': {
				this.state = 'online';
				this.#wait = FIRST_WAIT;
				this.#pinging = setInterval(() => this.#ping(), PING_EVERY);
				for (const each of this.#subscriptions.values()) {
					each.isLate = each.after === undefined;
					this.#subscribe(each);
				}
				break;
			}
			case 'subscribed': {
				const subscription = this.#subscriptions.get(message.id);
				if (!subscription) break;
				subscription.after ??= message.position;
				if (subscription.isLate) {
					subscription.isLate = false;
					subscription.onGap();
				}
				break;
			}
			case 'events': {
				const subscription = this.#subscriptions.get(message.id);
				if (!subscription) break;
				subscription.after = message.position;
				if (message.events.length > 0) subscription.onEvents(message.events);
				break;
			}
			case 'ended': {
				const subscription = this.#subscriptions.get(message.id);
				if (!subscription) break;
				if (message.problem.code === 'position_expired') {
					subscription.after = undefined;
					this.#subscribe(subscription);
					subscription.onGap();
				} else if (message.problem.code === 'fell_behind') {
					this.#subscribe(subscription);
				} else if (message.problem.code !== 'server_stopping') {
					this.#subscriptions.delete(message.id);
					this.#refused(message.problem);
				}
				break;
			}
			case 'error':
				this.#refused(message.problem);
		}
	}

	#refused({ code, detail }: Refusal): void {
		this.refusal = detail ?? code;
	}

	#ping(): void {
		if (Date.now() - this.#heard > SILENCE) this.#socket?.close();
		else this.#say({ type: 'ping' });
	}

	#subscribe({ id, followed, kinds, after }: Subscription): void {
		this.#say({
			type: 'subscribe',
			id,
			...followed,
			kinds,
			// a position is text on the wire, the number of an event, too
			...(after !== undefined && { after: String(after) })
		});
	}

	#say(message: object): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
	}
}

export const live = new Live();
