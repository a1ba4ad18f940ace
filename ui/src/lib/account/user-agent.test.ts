import { expect, test } from 'vitest';
import { program } from './user-agent';

test.each([
	[
		'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
		{ browser: 'Edge', system: 'Windows' }
	],
	[
		'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
		{ browser: 'Safari', system: 'macOS' }
	],
	[
		'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
		{ browser: 'Chrome', system: 'Android' }
	],
	[
		'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1',
		{ browser: 'Chrome', system: 'iPhone' }
	],
	[
		'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
		{ browser: 'Firefox', system: 'Linux' }
	]
])('a browser is told by its name and system', (userAgent, expected) => {
	expect(program(userAgent)).toEqual(expected);
});

test('a program is told by its name', () => {
	expect(program('weftline/0.9 python-httpx/0.28')).toEqual({ browser: 'weftline' });
});

test('who says nothing is unknown', () => {
	expect(program(null)).toBeUndefined();
	expect(program(' ')).toBeUndefined();
});
