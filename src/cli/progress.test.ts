import { expect, it } from 'vitest';
import { createProgress, describe } from './progress.ts';
import { openTerminal } from './terminal.ts';

const MIB = 1 << 20;

it('the progress line shows share, bytes, rate and time', () => {
  expect(describe('/etc', 50 * MIB, 10, 100 * MIB)).toBe('/etc: 50% 50.0 MiB, 5.0 MiB/s, 0:10');
});

it('the progress line has no share when the size is not known', () => {
  expect(describe('/etc', 50 * MIB, 10, undefined)).toBe('/etc: 50.0 MiB, 5.0 MiB/s, 0:10');
  expect(describe('/etc', 0, 10, 0)).toBe('/etc: 0 B, 0 B/s, 0:10');
});

it('the progress line never claims to be done: the size may be a guess', () => {
  expect(describe('/etc', 250 * MIB, 10, 100 * MIB)).toContain('/etc: 99% ');
});

it('the progress line begins without a rate out of all proportion', () => {
  expect(describe('/etc', 0, 0, 10)).toBe('/etc: 0% 0 B, 0 B/s, 0:00');
});

it('there is no progress line, and no timer, where nobody watches', () => {
  const terminal = { ...openTerminal(), stderrIsTerminal: false };
  const before = process.getActiveResourcesInfo();
  const line = createProgress(terminal).begin('/etc', 10);
  line.advance(5);
  expect(process.getActiveResourcesInfo()).toEqual(before);
  line.end();
});
