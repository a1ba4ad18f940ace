/** What is entered to publish a workflow as a template. */
import type { Schemas } from '#lib/api/rest';
import { typed, read } from './installing';
import type { Category } from './words';

export type Proposal = Schemas['ProposalOut'];
export type Publication = Schemas['PublicationDetail'];
type VersionBody = Schemas['VersionBody'];
type VariableType = Proposal['variables'][number]['type'];

/** A text in the languages of the app. */
export interface Texts {
	en: string;
	de: string;
}

export interface ConnectionEntry {
	/** As the workflow calls it. */
	name: string;
	integration: string;
	placeholder: string;
	purpose: Texts;
}

export interface VariableEntry {
	key: string;
	type: VariableType;
	title: Texts;
	description: Texts;
	/** As it is typed; empty: it has to be set. */
	default: string;
}

export interface Entered {
	visibility: 'TENANT' | 'PUBLIC';
	category: Category | '';
	name: Texts;
	description: Texts;
	/** With commas between. */
	tags: string;
	author: string;
	connections: ConnectionEntry[];
	variables: VariableEntry[];
	sampleInput: unknown;
	change: string;
}

/** A template, as a publication has it. */
interface Entry {
	category?: Category;
	name?: Record<string, string>;
	description?: Record<string, string>;
	tags?: string[];
	connections?: Record<string, { integration: string; purpose: Record<string, string> }>;
	variables?: {
		key: string;
		type: VariableType;
		title: Record<string, string>;
		description?: Record<string, string>;
		default?: unknown;
	}[];
	sampleInput?: unknown;
}

function texts(from: Record<string, string> | null | undefined, otherwise = ''): Texts {
	return { en: from?.['en'] ?? otherwise, de: from?.['de'] ?? '' };
}

function told(entered: Texts): Record<string, string> {
	return { en: entered.en.trim(), ...(entered.de.trim() && { de: entered.de.trim() }) };
}

/** What a form begins with: what was published last, and what the workflow needs by now. */
export function begun(proposal: Proposal, published?: Publication): Entered {
	const entry = (published?.template ?? {}) as Entry;
	return {
		visibility: published?.visibility ?? 'TENANT',
		category: entry.category ?? '',
		name: texts(entry.name, proposal.name),
		description: texts(entry.description, proposal.description ?? ''),
		tags: (entry.tags ?? []).join(', '),
		author: published?.visibility === 'PUBLIC' ? published.author : '',
		connections: proposal.connections.map((each) => ({
			...each,
			purpose: texts(entry.connections?.[each.placeholder]?.purpose)
		})),
		variables: proposal.variables.map((each) => {
			const before = entry.variables?.find((known) => known.key === each.key);
			return {
				key: each.key,
				type: each.type,
				title: texts(before?.title ?? each.title),
				description: texts(before?.description ?? each.description),
				default: typed(before ? before.default : each.default)
			};
		}),
		sampleInput: entry.sampleInput ?? {},
		change: ''
	};
}

/** What is sent. */
export function bodyOf(entered: Entered): VersionBody {
	return {
		visibility: entered.visibility,
		category: entered.category as Category,
		name: told(entered.name),
		description: told(entered.description),
		tags: entered.tags
			.split(',')
			.map((each) => each.trim())
			.filter(Boolean),
		...(entered.author.trim() && { author: entered.author.trim() }),
		connections: Object.fromEntries(
			entered.connections.map((each) => [
				each.name,
				{
					placeholder: each.placeholder.trim(),
					...(each.purpose.en.trim() && { purpose: told(each.purpose) })
				}
			])
		),
		variables: entered.variables.map((each) => {
			const { value } = each.type === 'SECRET' ? {} : read(each.type, each.default);
			return {
				key: each.key,
				type: each.type,
				title: told({ en: each.title.en.trim() || each.key, de: each.title.de }),
				...(each.description.en.trim() && { description: told(each.description) }),
				...(value !== undefined && { default: value })
			};
		}),
		sampleInput: (entered.sampleInput ?? {}) as Record<string, unknown>,
		...(entered.change.trim() && { changeDescription: entered.change.trim() })
	};
}

/** An id for a template, made of a workflow's. */
export function templateIdFrom(workflowId: string): string {
	const plain = workflowId
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, '-')
		.replace(/^[^a-z]+|-+$/g, '');
	return plain.slice(0, 63);
}
