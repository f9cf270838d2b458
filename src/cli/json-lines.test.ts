import { expect, it } from 'vitest';
import { hasControls } from '../foreign-text.ts';
import { createJsonSink } from './json-lines.ts';

const identity = { run: '0123456789abcdef', host: 'db1', command: 'backup', runType: 'daily' };

/** What the sink writes for one message. */
function linesOf(...said: Parameters<ReturnType<typeof createJsonSink>>): string[] {
  const lines: string[] = [];
  createJsonSink(identity, (line) => lines.push(line))(...said);
  return lines;
}

it('a message is one line: when, how bad, of which run, what it is about, its text', () => {
  const [line = '', ...others] = linesOf('info', 'Backed up /etc', { key: 'a/b', bytes: 10, seconds: 1.5 });
  expect(others).toEqual([]);
  expect(line.endsWith('}\n')).toBe(true);
  const { time, ...rest } = JSON.parse(line) as { readonly time: string };
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(10_000);
  expect(rest).toEqual({
    level: 'info',
    ...identity,
    key: 'a/b',
    bytes: 10,
    seconds: 1.5,
    msg: 'Backed up /etc',
  });
});

it.each(['debug', 'info', 'warn', 'error'] as const)('the level %s is written as a word', (level) => {
  expect(JSON.parse(linesOf(level, 'text').join(''))).toMatchObject({ level });
});

it('what a name holds neither breaks the line, nor steers a terminal, nor is lost', () => {
  const name = '100%s %d "a"\nb\r\t\x1b[2J\x9b\u202e\u2028 é';
  const [line = ''] = linesOf('error', name);
  expect(hasControls(line.slice(0, -1))).toBe(false);
  expect(JSON.parse(line)).toMatchObject({ msg: name });
});
