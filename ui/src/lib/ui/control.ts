/** How every control that takes text looks. */
export const CONTROL =
	'w-full min-w-0 rounded-md border border-line-strong bg-surface px-2.5 text-sm text-ink placeholder:text-faint ' +
	'transition-colors hover:border-faint focus:border-accent focus:outline-1 focus:outline-accent ' +
	'disabled:cursor-not-allowed disabled:bg-sunken disabled:text-faint aria-invalid:border-bad aria-invalid:outline-bad';
