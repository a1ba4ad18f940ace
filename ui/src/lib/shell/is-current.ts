/** Whether a page of the navigation is the one that is open, or above it. */
export function isCurrent(href: string, path: string): boolean {
	return path === href || (href !== '/' && href !== '/platform' && path.startsWith(`${href}/`));
}
