/** The look and the words of forms that are made from JSON Schemas. */
import '@sjsf/form/fields/extra/enum-include';
import '@sjsf/form/fields/extra/multi-enum-include';
import '@sjsf/basic-theme/extra-widgets/checkboxes-include';
import '@sjsf/basic-theme/extra-widgets/textarea-include';
import { theme as basic } from '@sjsf/basic-theme';
import type { Theme, Translation } from '@sjsf/form';
import { fromRecord, overrideByRecord } from '@sjsf/form/lib/resolver';
import { m } from '#lib/paraglide/messages';
import JsonField from './JsonField.svelte';
import Layout from './Layout.svelte';
import TextWidget from './TextWidget.svelte';
import Title from './Title.svelte';

export const theme = overrideByRecord(basic, {
	layout: Layout,
	title: Title,
	textWidget: TextWidget,
	unknownField: JsonField
}) as Theme;

export const translation: Translation = fromRecord({
	submit: m.form_submit,
	yes: m.common_yes,
	no: m.common_no,
	'array-schema-missing-items': m.form_wrong,
	'multi-schema-option-label-with-title': ({ title, index }: { title: string; index: number }) =>
		m.form_option_of({ title, number: index + 1 }),
	'multi-schema-option-label': ({ index }: { index: number }) => m.form_option({ number: index + 1 }),
	'add-array-item': m.form_add_item,
	'copy-array-item': m.form_copy_item,
	'remove-array-item': m.form_remove_item,
	'move-array-item-up': m.form_move_up,
	'move-array-item-down': m.form_move_down,
	'add-object-property': m.form_add_property,
	'remove-object-property': m.form_remove_property,
	'key-input-title': ({ name }: { name: string }) => m.form_property_name({ name }),
	'additional-property': m.form_additional,
	'validation-process-error': m.form_wrong,
	'component-not-found': m.form_wrong,
	'unknown-field-error': m.form_wrong,
	expand: m.common_more
} as never);
