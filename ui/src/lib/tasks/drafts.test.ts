import { beforeEach, expect, test } from 'vitest';
import { Drafts } from './drafts';

const DAY = 24 * 3600 * 1000;

class Memory {
	#kept = new Map<string, string>();
	isFull = false;

	get length() {
		return this.#kept.size;
	}
	key(index: number) {
		return [...this.#kept.keys()][index] ?? null;
	}
	getItem(key: string) {
		return this.#kept.get(key) ?? null;
	}
	setItem(key: string, value: string) {
		if (this.isFull) throw new DOMException('full', 'QuotaExceededError');
		this.#kept.set(key, value);
	}
	removeItem(key: string) {
		this.#kept.delete(key);
	}
}

let memory: Memory;
let drafts: Drafts;

beforeEach(() => {
	memory = new Memory();
	drafts = new Drafts(memory);
});

test('a draft comes back as it was', () => {
	drafts.save('grace', 'task-1', { amount: 7 }, 'wait', 1000);
	expect(drafts.load('grace', 'task-1', 2000)).toEqual({
		data: { amount: 7 },
		comment: 'wait',
		savedAt: 1000
	});
});

test('nobody sees the draft of another', () => {
	drafts.save('grace', 'task-1', { amount: 7 }, '');
	expect(drafts.load('ada', 'task-1')).toBeUndefined();
});

test('what was sent is forgotten', () => {
	drafts.save('grace', 'task-1', { amount: 7 }, '');
	drafts.drop('grace', 'task-1');
	expect(drafts.load('grace', 'task-1')).toBeUndefined();
});

test('a draft that nobody came back to for thirty days is forgotten, and nothing else is touched', () => {
	memory.setItem('weft.locale', 'de');
	drafts.save('grace', 'old', {}, '', 0);
	drafts.save('grace', 'new', {}, '', 10 * DAY);
	drafts.prune(30 * DAY);
	expect(memory.length).toBe(2);
	expect(drafts.load('grace', 'new', 30 * DAY)).toBeDefined();
	expect(memory.getItem('weft.locale')).toBe('de');
});

test('what cannot be read is no draft', () => {
	memory.setItem('weft.draft.grace.task-1', '{"data":');
	expect(drafts.load('grace', 'task-1')).toBeUndefined();
});

test('a browser without room loses nothing but the draft', () => {
	memory.isFull = true;
	expect(() => drafts.save('grace', 'task-1', {}, '')).not.toThrow();
});
