/** Values of variables as they are typed and shown. */
import { parseJson } from '#lib/forms/json';
import type { Schemas } from '#lib/api/rest';
import { m } from '#lib/paraglide/messages';

export type Variable = Schemas['VariableOut'];
export type Type = Variable['type'];

export const TYPES: Record<Type, () => string> = {
	STRING: m.admin_variables_type_STRING,
	NUMBER: m.admin_variables_type_NUMBER,
	BOOLEAN: m.admin_variables_type_BOOLEAN,
	JSON: m.admin_variables_type_JSON,
	SECRET: m.admin_variables_type_SECRET
};

/** What a typed text says as a value of a type, or what is wrong with it. */
export function parse(type: Type, text: string): { value: unknown } | { problem: string } {
	switch (type) {
		case 'NUMBER': {
			const number = Number(text.trim());
			return text.trim() === '' || !Number.isFinite(number)
				? { problem: m.admin_variables_not_number() }
				: { value: number };
		}
		case 'BOOLEAN':
			return { value: text === 'true' };
		case 'JSON': {
			const { value, problem } = parseJson(text);
			if (problem !== null) return { problem: m.admin_variables_not_json({ reason: problem }) };
			return { value: value === undefined ? null : value };
		}
		default:
			return { value: text };
	}
}

/** A value as it is typed. */
export function written(type: Type, value: unknown): string {
	if (value === null || value === undefined) return type === 'JSON' ? 'null' : '';
	return type === 'JSON' ? JSON.stringify(value, null, 2) : String(value);
}
