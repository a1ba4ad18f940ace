/**
 * The language, and how dates and numbers are written in it. Changing it redraws what is shown, without a reload: the
 * messages read `locale.current`.
 */
import { isLocale, locales, overwriteGetLocale, type Locale } from '#lib/paraglide/runtime';

const STORED = 'weft.locale';

/** The languages that there are, each by its own name. */
export const LANGUAGES: Record<Locale, string> = { en: 'English', de: 'Deutsch' };

class Language {
	current = $state<Locale>(firstLocale());
	/** An IANA time zone; the browser's unless the person chose another. */
	timeZone = $state(Intl.DateTimeFormat().resolvedOptions().timeZone);

	/** For `Intl`: the browser's own variant of the language (en-GB), where it has one. */
	get tag(): string {
		return navigator.languages.find((each) => each.split('-')[0] === this.current) ?? this.current;
	}

	choose(locale: Locale): void {
		this.current = locale;
		localStorage.setItem(STORED, locale);
		document.documentElement.lang = locale;
	}
}

function firstLocale(): Locale {
	// while building there is no browser
	if (typeof localStorage === 'undefined') return 'en';
	const stored = localStorage.getItem(STORED);
	if (stored !== null && isLocale(stored)) return stored;
	const wanted = navigator.languages.map((each) => each.split('-')[0]);
	return locales.find((each) => wanted[0] === each) ?? 'en';
}

export const locale = new Language();

overwriteGetLocale(() => locale.current);
