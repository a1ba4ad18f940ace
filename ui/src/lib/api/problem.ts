/** What can go wrong with a request: the server's problem documents (RFC 9457), and its silence. */

/** One wrong field of what was sent. */
export interface FieldProblem {
	/** A JSON pointer into what was sent, or the name of a parameter. */
	pointer?: string;
	parameter?: string;
	message: string;
	hint?: string | null;
	code?: string;
}

/** The server refuses. */
export class Problem extends Error {
	override name = 'Problem';

	constructor(
		/** The HTTP status. */
		readonly status: number,
		/** Stable: see `/errors/{code}`. */
		readonly code: string,
		readonly title: string,
		detail: string,
		readonly errors: readonly FieldProblem[] = [],
		readonly requestId?: string,
		/** Seconds until it is worth asking again. */
		readonly retryAfter?: number,
		/** What else the document holds. */
		readonly extensions: Readonly<Record<string, unknown>> = {}
	) {
		super(detail);
	}

	static of(response: Response, body: unknown): Problem {
		const document = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
		const text = (name: string, otherwise: string) =>
			typeof document[name] === 'string' ? document[name] : otherwise;
		const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
		return new Problem(
			response.status,
			text('code', `http_${response.status}`),
			text('title', response.statusText || `HTTP ${response.status}`),
			text('detail', text('title', response.statusText || `HTTP ${response.status}`)),
			Array.isArray(document['errors']) ? (document['errors'] as FieldProblem[]) : [],
			response.headers.get('x-request-id') ?? undefined,
			Number.isFinite(retryAfter) ? retryAfter : undefined,
			document
		);
	}

	/** What is wrong with a field, by the last part of its pointer or its parameter's name. */
	field(name: string): string | undefined {
		return this.errors.find(
			(each) => each.pointer === `/${name}` || each.pointer?.endsWith(`/${name}`) || each.parameter === name
		)?.message;
	}
}

/** Nothing came back: the server or the network is away. */
export class NoAnswer extends Error {
	override name = 'NoAnswer';

	constructor(reason: unknown) {
		super(reason instanceof Error ? reason.message : String(reason));
	}
}
