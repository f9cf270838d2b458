import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseDuration } from './parse-duration.ts';

describe('a length of time on the command line', () => {
  it.each([
    ['3600', 3600],
    ['45s', 45],
    ['90m', 5400],
    ['1h', 3600],
    ['2d', 172_800],
    ['2 D', 172_800],
    ['7d', 604_800],
    ['604800', 604_800],
  ])('%s is read as %i seconds', (text, seconds) => {
    expect(parseDuration(text, 7)).toBe(seconds);
  });

  it.each(['', '0', '0m', '8d', '604801', '1w', '1.5h', '-1', 'h', '1h30m', '1e3'])(
    '%j is refused',
    (text) => {
      expect(() => parseDuration(text, 7)).toThrow(InvalidArgumentError);
    },
  );
});
