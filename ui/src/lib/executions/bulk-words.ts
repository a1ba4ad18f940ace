/** What operations on many executions are called, and what they do. */
import Ban from '@lucide/svelte/icons/ban';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import RotateCcw from '@lucide/svelte/icons/rotate-ccw';
import Undo2 from '@lucide/svelte/icons/undo-2';
import { m } from '#lib/paraglide/messages';

export const BULK_WORDS = {
	cancel: {
		icon: Ban,
		label: m.executions_cancel,
		title: m.executions_bulk_cancel_title,
		what: m.executions_bulk_cancel_what,
		action: m.executions_bulk_cancel_action
	},
	pause: {
		icon: Pause,
		label: m.executions_pause,
		title: m.executions_bulk_pause_title,
		what: m.executions_bulk_pause_what,
		action: m.executions_bulk_pause_action
	},
	resume: {
		icon: Play,
		label: m.executions_resume,
		title: m.executions_bulk_resume_title,
		what: m.executions_bulk_resume_what,
		action: m.executions_bulk_resume_action
	},
	retry: {
		icon: RotateCcw,
		label: m.executions_retry,
		title: m.executions_bulk_retry_title,
		what: m.executions_bulk_retry_what,
		action: m.executions_bulk_retry_action
	},
	rollback: {
		icon: Undo2,
		label: m.executions_rollback,
		title: m.executions_bulk_rollback_title,
		what: m.executions_bulk_rollback_what,
		action: m.executions_bulk_rollback_action
	}
};
