/** Dates, durations and numbers as the person's language and time zone write them. */
import { locale } from './locale.svelte';

type Time = string | number | Date;

const formats = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>();

function kept<Format extends Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>(
	name: string,
	make: (tag: string) => Format
): Format {
	const key = `${locale.tag}/${locale.timeZone}/${name}`;
	let format = formats.get(key) as Format | undefined;
	if (format === undefined) {
		format = make(locale.tag);
		formats.set(key, format);
	}
	return format;
}

/** "12 Mar 2026, 09:10:04" */
export function dateTime(time: Time, withMilliseconds = false): string {
	const { timeZone } = locale;
	return kept(`dateTime${withMilliseconds}`, (tag) =>
		withMilliseconds
			? new Intl.DateTimeFormat(tag, {
					day: 'numeric',
					month: 'short',
					year: 'numeric',
					hour: '2-digit',
					minute: '2-digit',
					second: '2-digit',
					fractionalSecondDigits: 3,
					timeZone
				})
			: new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'medium', timeZone })
	).format(new Date(time));
}

/** "12 Mar 2026" */
export function date(time: Time): string {
	const { timeZone } = locale;
	return kept('date', (tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeZone })).format(
		new Date(time)
	);
}

/** "09:10:04" */
export function timeOfDay(time: Time): string {
	const { timeZone } = locale;
	return kept('time', (tag) => new Intl.DateTimeFormat(tag, { timeStyle: 'medium', timeZone })).format(
		new Date(time)
	);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
	['year', 31_557_600],
	['month', 2_629_800],
	['week', 604_800],
	['day', 86_400],
	['hour', 3600],
	['minute', 60],
	['second', 1]
];

/**
 * "3 min. ago", "in 2 hr."
 *
 * @param now milliseconds since 1970.
 */
export function relative(time: Time, now = Date.now()): string {
	const seconds = (new Date(time).getTime() - now) / 1000;
	const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
	return kept(
		'relative',
		(tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' })
	).format(Math.trunc(seconds / size), unit);
}

/**
 * "840 ms", "3.2 s", "1 h 4 min": the two largest units that matter.
 *
 * @param milliseconds how long.
 */
export function duration(milliseconds: number): string {
	if (milliseconds < 1000) return unit(Math.round(milliseconds), 'millisecond');
	if (milliseconds < 10_000) return unit(Math.round(milliseconds / 100) / 10, 'second');
	const parts: string[] = [];
	let rest = Math.round(milliseconds / 1000);
	for (const [name, size] of [
		['day', 86_400],
		['hour', 3600],
		['minute', 60],
		['second', 1]
	] as const) {
		const count = Math.floor(rest / size);
		if (count > 0) parts.push(unit(count, name));
		rest -= count * size;
		if (parts.length === 2) break;
	}
	return parts.join(' ');
}

function unit(value: number, name: string): string {
	return kept(
		`unit-${name}`,
		(tag) => new Intl.NumberFormat(tag, { style: 'unit', unit: name, unitDisplay: 'short' })
	).format(value);
}

export function number(value: number, digits = 0): string {
	return kept(
		`number${digits}`,
		(tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: digits })
	).format(value);
}

/** "12.3K" */
export function compact(value: number): string {
	return kept(
		'compact',
		(tag) => new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 })
	).format(value);
}

/** @param share from 0 to 1. */
export function percent(share: number): string {
	return kept(
		'percent',
		(tag) => new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 })
	).format(share);
}
