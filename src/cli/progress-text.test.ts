import stringWidth from 'string-width';
import { expect, describe as group, it } from 'vitest';
import { describe, fit, type Standing } from './progress-text.ts';

const MIB = 1 << 20;

const standing = (more: Partial<Standing> = {}): Standing => ({
  phase: 'Reading',
  title: '/etc',
  bytes: 50 * MIB,
  total: 100 * MIB,
  isGuess: false,
  rate: 5 * MIB,
  seconds: 12,
  ...more,
});
const text = (more: Partial<Standing> = {}, columns = 200) => describe(standing(more), columns);

group('the progress line', () => {
  it('shows phase, title, share of the total, rate and the time left', () => {
    expect(text()).toBe('Reading /etc: 50% of 100.0 MiB, 5.0 MiB/s, 0:10 left');
    expect(text({ isGuess: true })).toBe('Reading /etc: 50% of ~100.0 MiB, 5.0 MiB/s, 0:10 left');
    expect(text({ bytes: 100 * MIB })).toBe('Reading /etc: 100% of 100.0 MiB, 5.0 MiB/s, 0:00 left');
  });

  it('shows what has come, and for how long, where the total is not known', () => {
    expect(text({ total: undefined })).toBe('Reading /etc: 50.0 MiB, 5.0 MiB/s, 0:12');
    expect(text({ bytes: 0, rate: 0, total: 0 })).toBe('Reading /etc: 0 B, 0 B/s, 0:12');
  });

  it('does not claim to be done by a guess, nor to know more when the guess was too low', () => {
    expect(text({ isGuess: true, bytes: 100 * MIB })).toContain(' 99% of ~100.0 MiB, ');
    expect(text({ isGuess: true, bytes: 120 * MIB })).toBe('Reading /etc: 120.0 MiB, 5.0 MiB/s, 0:12');
  });

  it('foretells nothing by the first moments, nor when nothing comes', () => {
    expect(text({ seconds: 1.9 })).toMatch(/5\.0 MiB\/s, 0:01$/);
    expect(text({ rate: 0 })).toMatch(/ 0 B\/s, 0:12$/);
  });

  it('shows of what has no bytes only that it goes on', () => {
    expect(text({ phase: 'Deleting expired copies', title: '', bytes: undefined })).toBe(
      'Deleting expired copies: 0:12',
    );
    expect(text({ phase: '', title: 'host2: starting', bytes: undefined })).toBe('host2: starting: 0:12');
  });

  it('leaves out the beginning of the title, the title, the total, the rate and the phase, in this order', () => {
    const title = '/srv/backups/db1/daily/files/_etc-2026-01-31_00_00_01.tar.gz';
    const at = (columns: number) => text({ title }, columns);
    expect(at(120)).toBe(`Reading ${title}: 50% of 100.0 MiB, 5.0 MiB/s, 0:10 left`);
    expect(at(80)).toBe('Reading …etc-2026-01-31_00_00_01.tar.gz: 50% of 100.0 MiB, 5.0 MiB/s, 0:10 left');
    expect(at(60)).toBe('Reading: 50% of 100.0 MiB, 5.0 MiB/s, 0:10 left');
    expect(at(40)).toBe('Reading: 50%, 5.0 MiB/s, 0:10 left');
    expect(at(30)).toBe('Reading: 50%, 0:10 left');
    expect(at(20)).toBe('50%, 0:10 left');
    expect(at(12)).toBe('… 0:10 left');
  });

  it('leaves a column free at any width, whatever the width of its characters', () => {
    const title = '/srv/日本語の文書/e\u0301\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
    for (const about of [{}, { total: undefined }, { bytes: undefined }, { isGuess: true, phase: '' }])
      for (let columns = 2; columns <= 120; columns += 1)
        expect(stringWidth(text({ title, ...about }, columns))).toBeLessThan(columns);
  });
});

it('a text is cut at its beginning, whatever the width of its characters', () => {
  expect(fit('abc', 4)).toBe('abc');
  expect(fit('abc', 3)).toBe('…c');
  expect(fit('日本語', 6)).toBe('…本語');
  expect(fit('日本語', 5)).toBe('…語');
});
