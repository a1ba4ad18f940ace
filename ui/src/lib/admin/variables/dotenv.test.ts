import { describe, expect, test } from 'vitest';
import { readDotenv, soundsSecret } from './dotenv';

const values = (text: string) =>
	Object.fromEntries(readDotenv(text).assignments.map(({ key, value }) => [key, value]));

describe('reading an .env file', () => {
	test('names and values, whatever stands around them', () => {
		expect(values('\uFEFFA=1\r\n export B = two words \n\n# comment\nC=\nD=x=y')).toEqual({
			A: '1',
			B: 'two words',
			C: '',
			D: 'x=y'
		});
	});

	test('a comment after a value is none of it, unless it is quoted', () => {
		expect(values('A=1 # one\nB="1 # one"\nC=a#b')).toEqual({ A: '1', B: '1 # one', C: 'a#b' });
	});

	test('double quotes know escapes, single quotes take everything as it is', () => {
		expect(values(String.raw`A="line\nnext \"quoted\" \\"` + '\n' + String.raw`B='line\nnext'`)).toEqual({
			A: 'line\nnext "quoted" \\',
			B: String.raw`line\nnext`
		});
	});

	test('a quoted value goes on over several lines, and the lines after it keep their numbers', () => {
		const { assignments, bad } = readDotenv('KEY="-----BEGIN\nabc\n-----END"\nnonsense');
		expect(assignments).toEqual([{ key: 'KEY', value: '-----BEGIN\nabc\n-----END', line: 1 }]);
		expect(bad).toEqual([{ line: 4, why: 'no-equals', text: 'nonsense' }]);
	});

	test('the last of several values for a name counts', () => {
		expect(values('A=1\nA=2')).toEqual({ A: '2' });
	});

	test('what is no assignment is told with its line', () => {
		expect(readDotenv('A=1\nhello\n1B=2\nC="open').bad).toEqual([
			{ line: 2, why: 'no-equals', text: 'hello' },
			{ line: 3, why: 'bad-name', text: '1B' },
			{ line: 4, why: 'unclosed', text: 'C' }
		]);
	});
});

test('names that sound like secrets are known', () => {
	expect(['API_KEY', 'token', 'DB_PASSWORD', 'SECRET_SAUCE'].every(soundsSecret)).toBe(true);
	expect(['KEYBOARD', 'MONKEY', 'TOKENIZER_URL'].some(soundsSecret)).toBe(false);
});
