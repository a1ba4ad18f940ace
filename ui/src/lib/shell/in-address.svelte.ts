/** Filters that live in the address: they survive a reload, and a link to the page carries them. */
import { goto } from '$app/navigation';
import { navigating, page } from '$app/state';

const WAIT = 200;

let changes: Record<string, string> = {};
let writing: ReturnType<typeof setTimeout> | undefined;
/** The page whose address is to be written. */
let written = '';

function write(): void {
	writing = undefined;
	// whoever has gone on to another page meanwhile is not called back
	if (page.url.pathname !== written || (navigating.to && navigating.to.url.pathname !== written)) {
		changes = {};
		return;
	}
	const address = new URL(page.url.href);
	for (const [name, value] of Object.entries(changes)) {
		if (value === '') address.searchParams.delete(name);
		else address.searchParams.set(name, value);
	}
	changes = {};
	void goto(address, { replace: true, reset: false });
}

export interface AddressValue<Value extends string> {
	/** As it is typed. */
	value: Value;
	/** As the list is to be read: a moment later, so that not every letter asks the server. */
	readonly settled: Value;
}

/**
 * A value of the address's query. Called while a component is made.
 *
 * @param name of the parameter; left out of the address where the value is empty.
 */
export function inAddress<Value extends string = string>(name: string): AddressValue<Value | ''> {
	const current = () => (page.url.searchParams.get(name) ?? '') as Value | '';
	let typed = $state(current());
	$effect(() => {
		const value = current();
		if (writing === undefined) typed = value;
	});
	return {
		get value() {
			return typed;
		},
		set value(value) {
			typed = value;
			changes[name] = value;
			written = page.url.pathname;
			clearTimeout(writing);
			writing = setTimeout(write, WAIT);
		},
		get settled() {
			return current();
		}
	};
}
