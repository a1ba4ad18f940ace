/** Checks what was entered against its JSON Schema, and says in the person's language what is wrong. */
import { Validator, type OutputUnit, type Schema as CheckedSchema } from '@cfworker/json-schema';
import type { Config, FormValidator, FormValue, Schema } from '@sjsf/form';
import { createFormValidator } from '@sjsf/cfworker-validator';
import { m } from '#lib/paraglide/messages';

/** Something that is wrong, and the way to it through the value. */
export interface Wrong {
	path: (string | number)[];
	message: string;
}

const TYPES: Record<string, () => string> = {
	string: m.form_type_string,
	number: m.form_type_number,
	integer: m.form_type_integer,
	boolean: m.form_type_boolean,
	array: m.form_type_array,
	object: m.form_type_object,
	null: m.form_type_null
};

/** Keywords that only say that something below is wrong, which is told there. */
const OUTER = new Set(['properties', 'items', 'prefixItems', '$ref', 'allOf', 'additionalProperties', 'if']);

/** What is wrong with a value. */
export function check(schema: Schema | boolean, value: unknown): Wrong[] {
	const { errors } = new Validator(schema as CheckedSchema, '2020-12', false).validate(plain(value));
	const inner = errors.filter((each) => !OUTER.has(each.keyword) || isOwn(each, errors));
	const seen = new Set<string>();
	return inner
		.map((each) => told(each))
		.filter(({ path, message }) => {
			const key = JSON.stringify([path, message]);
			return !seen.has(key) && seen.add(key);
		});
}

/** Whether a value fits its schema. */
export function fits(schema: Schema | boolean, value: unknown): boolean {
	return new Validator(schema as CheckedSchema, '2020-12', true).validate(plain(value)).valid;
}

/** An outer keyword of which no inner one tells more. */
function isOwn(error: OutputUnit, all: OutputUnit[]): boolean {
	return !all.some((each) => each !== error && each.keywordLocation.startsWith(`${error.keywordLocation}/`));
}

function told(error: OutputUnit): Wrong {
	const path = pathOf(decodeURIComponent(error.instanceLocation));
	if (error.keyword === 'required') {
		const name = /property "(.*)"\.$/.exec(error.error)?.[1];
		if (name !== undefined) path.push(name);
	}
	return { path, message: sentence(error) };
}

function sentence({ keyword, error }: OutputUnit): string {
	const limit = /(-?[\d.]+)\)?\.$/.exec(error)?.[1]?.replace(/\.$/, '') ?? '';
	switch (keyword) {
		case 'required':
			return m.form_required();
		case 'type': {
			const type = /Expected "(\w+)"/.exec(error)?.[1] ?? '';
			return TYPES[type] ? m.form_wrong_type({ type: TYPES[type]() }) : m.form_wrong();
		}
		case 'minLength':
			return limit === '1' ? m.form_required() : m.form_too_short({ limit });
		case 'maxLength':
			return m.form_too_long({ limit });
		case 'minimum':
			return m.form_too_small({ limit });
		case 'maximum':
			return m.form_too_large({ limit });
		case 'exclusiveMinimum':
			return m.form_not_above({ limit });
		case 'exclusiveMaximum':
			return m.form_not_below({ limit });
		case 'multipleOf':
			return m.form_not_multiple({ limit });
		case 'minItems':
			return m.form_too_few_items({ limit });
		case 'maxItems':
			return m.form_too_many_items({ limit });
		case 'uniqueItems':
			return m.form_not_unique();
		case 'pattern':
			return m.form_pattern();
		case 'format':
			return m.form_format({ format: /format "(.*?)"/.exec(error)?.[1] ?? '' });
		case 'not':
			return m.form_must_be_ticked();
		case 'enum':
		case 'const':
			return m.form_not_in_list();
		case 'oneOf':
		case 'anyOf':
			return m.form_no_option();
		case 'false':
		case 'additionalProperties':
			return m.form_unknown_field();
		default:
			return m.form_wrong();
	}
}

/** The steps of a JSON pointer: `/a/0`. */
export function pathOf(pointer: string): (string | number)[] {
	return pointer
		.split('/')
		.slice(1)
		.map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~'))
		.map((each) => (/^\d+$/.test(each) ? Number(each) : each));
}

function plain(value: unknown): unknown {
	return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

/** The validator that forms are made with. */
export function formValidator(): FormValidator<unknown> {
	const made = createFormValidator({
		factory: (schema) => new Validator(schema as CheckedSchema, '2020-12', false)
	});
	return {
		isValid: made.isValid,
		validateFormValue(schema: Schema, value: FormValue) {
			const errors = check(schema, value);
			return errors.length > 0 ? { value, errors } : { value };
		},
		validateFieldValue(config: Config, value: FormValue) {
			if (value === undefined) return config.required ? [m.form_required()] : [];
			return check(config.schema, value)
				.filter((each) => each.path.length === 0)
				.map((each) => each.message);
		}
	} as FormValidator<unknown>;
}
