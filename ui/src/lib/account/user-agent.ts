/** What a browser says of itself, for people: enough to know one's own devices by. */

export interface Program {
	browser: string;
	/** None where it is a program and not a browser. */
	system?: string;
}

// the order matters: nearly every browser claims to be the ones before it as well
const BROWSERS: [RegExp, string][] = [
	[/\bEdgA?\//, 'Edge'],
	[/\bOPR\//, 'Opera'],
	[/\bSamsungBrowser\//, 'Samsung Internet'],
	[/\bFirefox\/|\bFxiOS\//, 'Firefox'],
	[/\bChrome\/|\bCriOS\//, 'Chrome'],
	[/\bSafari\//, 'Safari']
];

const SYSTEMS: [RegExp, string][] = [
	[/iPhone/, 'iPhone'],
	[/iPad/, 'iPad'],
	[/Android/, 'Android'],
	[/CrOS/, 'ChromeOS'],
	[/Windows/, 'Windows'],
	[/Mac OS X|Macintosh/, 'macOS'],
	[/Linux|X11/, 'Linux']
];

/** The browser and the system; of other programs their name; nothing where nothing was said. */
export function program(userAgent: string | null): Program | undefined {
	if (!userAgent?.trim()) return undefined;
	const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1];
	const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1];
	if (browser && system) return { browser, system };
	return { browser: userAgent.trim().split(/[\s/]/)[0]! };
}
