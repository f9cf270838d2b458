import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseMoment } from './parse-moment.ts';

describe('a moment on the command line', () => {
  it.each([
    ['2026-01-31', new Date(2026, 0, 31)],
    ['2026-01-31 14:30', new Date(2026, 0, 31, 14, 30)],
    ['2026-01-31T14:30:05', new Date(2026, 0, 31, 14, 30, 5)],
    ['2026-01-31T14:30Z', new Date(Date.UTC(2026, 0, 31, 14, 30))],
    ['2026-01-31T14:30:05.250Z', new Date(Date.UTC(2026, 0, 31, 14, 30, 5, 250))],
    ['2026-01-31 14:30:05+02:00', new Date(Date.UTC(2026, 0, 31, 12, 30, 5))],
  ])('%s is read', (text, moment) => {
    expect(parseMoment(text)).toEqual(moment);
  });

  it.each(['', '2026', '2026-02-31', '2026-13-01', '2026-01-31 25:00', 'yesterday', '31.01.2026', '2d'])(
    '%j is refused',
    (text) => {
      expect(() => parseMoment(text)).toThrow(InvalidArgumentError);
    },
  );
});
