/** Moments between RFC 3339 and what the browser's picker takes, which is local time without a zone. */

/** "2026-03-01T09:10:00Z" as local time, "2026-03-01T10:10:00". */
export function toLocalTime(moment: string): string {
	const time = new Date(moment);
	if (Number.isNaN(time.getTime())) return '';
	const pad = (value: number) => String(value).padStart(2, '0');
	return (
		`${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}` +
		`T${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`
	);
}

/** Local time as RFC 3339, or nothing where it is not a time. */
export function fromLocalTime(text: string): string | undefined {
	const time = new Date(text);
	return text === '' || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
