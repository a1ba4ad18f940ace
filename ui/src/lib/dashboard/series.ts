/** Figures over time, without gaps: what a chart draws. */
import type { Schemas } from '#lib/api/rest';

export type Figures = Schemas['FiguresOut'];
type Group = Schemas['StatisticsGroupOut'];

export const PERIODS = ['24h', '7d', '30d'] as const;
export type Period = (typeof PERIODS)[number];

const HOUR = 3_600_000;
const HOURS: Record<Period, number> = { '24h': 24, '7d': 7 * 24, '30d': 30 * 24 };

export interface Span {
	from: Date;
	to: Date;
	unit: 'hour' | 'day';
}

/**
 * The hours or days that a period covers, the running one included.
 *
 * @param now milliseconds since 1970.
 */
export function spanOf(period: Period, now: number): Span {
	const end = Math.floor(now / HOUR) * HOUR + HOUR;
	const from = new Date(end - HOURS[period] * HOUR);
	return { from, to: new Date(end), unit: period === '24h' ? 'hour' : 'day' };
}

/** The span of the same length before. */
export function before({ from, to, unit }: Span): Span {
	return { from: new Date(2 * from.getTime() - to.getTime()), to: from, unit };
}

export interface Point {
	/** When the hour or day began, milliseconds since 1970. */
	at: number;
	/** Nothing happened where there is none. */
	figures: Figures | undefined;
}

/** A point for each hour or day of a span; the server leaves out those in which nothing happened. */
export function pointsOf(groups: readonly Group[], span: Span): Point[] {
	const known = new Map(
		groups.flatMap((group) => (group.periodStart ? [[Date.parse(group.periodStart), group] as const] : []))
	);
	if (span.unit === 'hour') {
		const points: Point[] = [];
		for (let at = span.from.getTime(); at < span.to.getTime(); at += HOUR) {
			points.push({ at, figures: known.get(at) });
		}
		return points;
	}
	// days are those of the person's time zone, and not all as long: they are counted in its calendar
	const points: Point[] = [];
	const day = new Date(span.from);
	day.setHours(0, 0, 0, 0);
	while (day < span.to) {
		const next = new Date(day);
		next.setDate(day.getDate() + 1);
		const at = [...known.keys()].find((each) => each >= day.getTime() && each < next.getTime());
		points.push({ at: day.getTime(), figures: at === undefined ? undefined : known.get(at) });
		day.setTime(next.getTime());
	}
	return points;
}

/** Numbers to stand at an axis that reaches at least so high: round ones, from 0 on. */
export function ticksUpTo(highest: number, count = 3): number[] {
	if (highest <= 0) return [0, 1];
	const rough = highest / count;
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? rough;
	const whole = highest > count ? Math.max(1, step) : step;
	const ticks = [0];
	while (ticks.at(-1)! < highest) ticks.push(ticks.length * whole);
	return ticks;
}

/** How a figure has changed: 0.5 for half as much again; nothing where there was none before. */
export function changeOf(
	now: number | null | undefined,
	then: number | null | undefined
): number | undefined {
	if (now === null || now === undefined || !then) return undefined;
	return now / then - 1;
}
