/** What the fields of a definition are called, and what they are for. */
import { locale } from '#lib/i18n/locale.svelte';
import { words } from '#lib/forms/schema';
import { m } from '#lib/paraglide/messages';
import type { Shape } from './shape';
import type { ValueKind } from './value-kind';

const LABELS: Record<string, () => string> = {
	name: m.designer_field_name,
	description: m.designer_field_description,
	next: m.designer_field_next,
	targets: m.designer_field_targets,
	dependencies: m.designer_field_dependencies,
	when: m.designer_field_when,
	output: m.designer_field_output,
	onError: m.designer_field_on_error,
	critical: m.designer_field_critical,
	deadline: m.designer_field_deadline,
	compensate: m.designer_field_compensate,
	action: m.designer_field_action,
	connection: m.integrations_connection,
	queue: m.designer_field_queue,
	input: m.designer_field_input,
	retry: m.designer_field_retry,
	timeout: m.designer_field_timeout,
	url: m.designer_field_url,
	method: m.designer_field_method,
	headers: m.designer_field_headers,
	query: m.designer_field_query,
	body: m.designer_field_body,
	condition: m.designer_field_condition,
	true: m.designer_field_true,
	false: m.designer_field_false,
	cases: m.designer_field_cases,
	default: m.designer_field_default,
	duration: m.designer_field_duration,
	until: m.designer_field_until,
	event: m.designer_field_event,
	correlation: m.designer_field_correlation,
	firstOf: m.designer_field_first_of,
	assignTo: m.designer_field_assign_to,
	form: m.designer_field_form,
	outcomes: m.designer_field_outcomes,
	approvals: m.designer_field_approvals,
	fourEyes: m.designer_field_four_eyes,
	dueIn: m.designer_field_due_in,
	escalation: m.designer_field_escalation,
	notify: m.designer_field_notify,
	validate: m.designer_field_validate,
	branches: m.designer_field_branches,
	join: m.designer_field_join,
	losers: m.designer_field_losers,
	values: m.designer_field_values,
	forEach: m.designer_field_for_each,
	as: m.designer_field_as,
	while: m.designer_field_while,
	do: m.designer_field_do,
	concurrency: m.designer_field_concurrency,
	maxIterations: m.designer_field_max_iterations,
	breakWhen: m.designer_field_break_when,
	continueWhen: m.designer_field_continue_when,
	collect: m.designer_field_collect,
	onItemError: m.designer_field_on_item_error,
	workflow: m.designer_field_workflow,
	version: m.designer_field_version,
	wait: m.designer_field_wait,
	payload: m.designer_field_payload,
	channel: m.designer_field_channel,
	to: m.designer_field_to,
	subject: m.designer_field_subject,
	message: m.designer_field_message,
	template: m.designer_field_template,
	data: m.designer_field_data,
	code: m.designer_field_code,
	details: m.designer_field_details,
	terminate: m.designer_field_terminate,
	codes: m.designer_field_codes,
	types: m.designer_field_types,
	maxAttempts: m.designer_field_max_attempts,
	initialInterval: m.designer_field_initial_interval,
	backoff: m.designer_field_backoff,
	maxInterval: m.designer_field_max_interval,
	jitter: m.designer_field_jitter,
	nonRetryable: m.designer_field_non_retryable,
	label: m.designer_field_label,
	required: m.designer_field_required,
	after: m.designer_field_after,
	field: m.designer_field_field,
	errorHandling: m.designer_field_error_handling,
	strategy: m.designer_field_strategy,
	maxRetries: m.designer_field_max_retries,
	retryDelay: m.designer_field_retry_delay,
	fallbackWorkflow: m.designer_field_fallback_workflow,
	notifications: m.designer_field_notifications,
	type: m.designer_field_type,
	recipients: m.designer_field_recipients,
	key: m.designer_field_key,
	limit: m.designer_field_limit,
	policy: m.designer_field_policy,
	priority: m.designer_field_priority,
	searchAttributes: m.designer_field_search_attributes,
	review: m.designer_field_review,
	draft: m.designer_field_draft,
	encrypt: m.designer_field_encrypt,
	enabled: m.designer_field_enabled,
	cron: m.designer_field_cron,
	every: m.designer_field_every,
	timezone: m.designer_field_timezone,
	startAt: m.designer_field_start_at,
	endAt: m.designer_field_end_at,
	overlap: m.designer_field_overlap,
	catchUp: m.designer_field_catch_up,
	catchUpWindow: m.designer_field_catch_up_window,
	methods: m.designer_field_methods,
	signature: m.designer_field_signature,
	secret: m.designer_field_secret,
	preset: m.designer_field_preset,
	header: m.designer_field_header,
	prefix: m.designer_field_prefix,
	encoding: m.designer_field_encoding,
	signs: m.designer_field_signs,
	timestampHeader: m.designer_field_timestamp_header,
	tolerance: m.designer_field_tolerance,
	deliveryHeader: m.designer_field_delivery_header,
	respond: m.designer_field_respond,
	respondTimeout: m.designer_field_respond_timeout,
	maxBody: m.designer_field_max_body,
	maxPerMinute: m.designer_field_max_per_minute,
	integration: m.designer_field_integration_id,
	trigger: m.designer_field_trigger,
	config: m.designer_field_config,
	integrationId: m.designer_field_integration_id,
	integrationEventId: m.designer_field_integration_event_id,
	startNode: m.designer_field_start_node,
	permissions: m.designer_field_permissions,
	function: m.designer_field_function
};

const HELP: Record<string, () => string> = {
	description: m.designer_help_description,
	next: m.designer_help_next,
	targets: m.designer_help_targets,
	dependencies: m.designer_help_dependencies,
	when: m.designer_help_when,
	output: m.designer_help_output,
	onError: m.designer_help_on_error,
	critical: m.designer_help_critical,
	deadline: m.designer_help_deadline,
	compensate: m.designer_help_compensate,
	action: m.designer_help_action,
	connection: m.integrations_connection_help,
	queue: m.designer_help_queue,
	input: m.designer_help_input,
	retry: m.designer_help_retry,
	timeout: m.designer_help_timeout,
	url: m.designer_help_url,
	query: m.designer_help_query,
	body: m.designer_help_body,
	condition: m.designer_help_condition,
	cases: m.designer_help_cases,
	default: m.designer_help_default,
	duration: m.designer_help_duration,
	until: m.designer_help_until,
	event: m.designer_help_event,
	correlation: m.designer_help_correlation,
	firstOf: m.designer_help_first_of,
	assignTo: m.designer_help_assign_to,
	form: m.designer_help_form,
	outcomes: m.designer_help_outcomes,
	approvals: m.designer_help_approvals,
	fourEyes: m.designer_help_four_eyes,
	dueIn: m.designer_help_due_in,
	escalation: m.designer_help_escalation,
	validate: m.designer_help_validate,
	join: m.designer_help_join,
	losers: m.designer_help_losers,
	values: m.designer_help_values,
	forEach: m.designer_help_for_each,
	as: m.designer_help_as,
	while: m.designer_help_while,
	do: m.designer_help_do,
	concurrency: m.designer_help_concurrency,
	maxIterations: m.designer_help_max_iterations,
	breakWhen: m.designer_help_break_when,
	terminate: m.designer_help_terminate,
	maxAttempts: m.designer_help_max_attempts,
	initialInterval: m.designer_help_initial_interval,
	backoff: m.designer_help_backoff,
	jitter: m.designer_help_jitter,
	nonRetryable: m.designer_help_non_retryable,
	priority: m.designer_help_priority,
	searchAttributes: m.designer_help_search_attributes,
	review: m.designer_help_review,
	encrypt: m.designer_help_encrypt,
	cron: m.designer_help_cron,
	timezone: m.designer_help_timezone,
	permissions: m.designer_help_permissions
};

const OPTIONS: Record<string, () => string> = {
	all: m.designer_option_all,
	any: m.designer_option_any,
	cancel: m.designer_option_cancel,
	finish: m.designer_option_finish,
	fail: m.designer_option_fail,
	continue: m.designer_option_continue,
	email: m.designer_option_email,
	integration: m.designer_option_integration,
	webhook: m.designer_option_webhook,
	retry: m.designer_option_retry,
	compensate: m.designer_option_compensate,
	fallback: m.designer_option_fallback,
	queue: m.designer_option_queue,
	cancel_running: m.designer_option_cancel_running,
	reject: m.designer_option_reject,
	allow: m.designer_option_allow,
	skip: m.designer_option_skip,
	none: m.designer_option_none,
	latest: m.designer_option_latest,
	now: m.designer_option_now,
	completion: m.designer_option_completion,
	generic: m.designer_option_generic,
	body: m.designer_option_body,
	manual: m.designer_option_manual,
	schedule: m.designer_option_schedule,
	event: m.designer_option_event,
	form: m.designer_option_form,
	polling: m.designer_option_polling,
	'human-task': m.designer_option_human_task,
	approval: m.designer_option_approval
};

export const KIND_LABELS: Record<ValueKind, () => string> = {
	text: m.designer_kind_text,
	expression: m.designer_kind_expression,
	'text-template': m.designer_kind_expression,
	number: m.designer_kind_number,
	boolean: m.designer_kind_boolean,
	object: m.designer_kind_object,
	list: m.designer_kind_list,
	json: m.designer_kind_json
};

/** The name of a field for people. */
export function labelOf(name: string): string {
	return LABELS[name]?.() ?? words(name);
}

/** What a field is for; the server's own words, in English, where there are no others. */
export function helpOf(name: string, description: string): string {
	return (
		HELP[name]?.() ?? (locale.current === 'en' ? description.replaceAll('`', '').replaceAll('\n', ' ') : '')
	);
}

export function optionLabel(value: unknown): string {
	return OPTIONS[String(value)]?.() ?? String(value);
}

/** What one of several shapes of a field is called. */
export function shapeLabel(shape: Shape): string {
	switch (shape.kind) {
		case 'text':
		case 'workflow':
			return m.designer_shape_text();
		case 'cel':
		case 'template':
			return m.designer_shape_expression();
		case 'duration':
			return m.designer_shape_duration();
		case 'node':
			return m.designer_shape_node();
		case 'number':
			return m.designer_shape_number();
		case 'boolean':
			return m.designer_shape_boolean();
		case 'choice':
			return m.designer_shape_choice();
		case 'list':
			return m.designer_shape_list();
		case 'map':
			return m.designer_shape_map();
		case 'object':
			return m.designer_shape_object();
		default:
			return m.designer_shape_any();
	}
}
