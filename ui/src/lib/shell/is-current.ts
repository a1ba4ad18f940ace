/** Whether a page of the navigation is the one that is open, or above it. */
export function isCurrent(href: string, path: string): boolean {
	// below a plugin's own page are the pages that it adds, which stand in the navigation themselves
	if (href === '/plugins') return /^\/plugins(\/[^/]+)?$/.test(path);
	return path === href || (href !== '/' && href !== '/platform' && path.startsWith(`${href}/`));
}
