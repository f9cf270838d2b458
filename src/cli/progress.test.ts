import stringWidth from 'string-width';
import { expect, it } from 'vitest';
import { describe, fit } from './progress.ts';

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

it('the progress line leaves a column free, whatever the width of its characters, and keeps its end', () => {
  const title = '/srv/\u65e5\u672c\u8a9e\u306e\u6587\u66f8/e\u0301\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
  const text = describe(title, 50 * MIB, 10, undefined);
  // By the Unicode tables: 6 wide characters and one emoji of several code points take two columns each.
  const width = text.length - title.length + '/srv//e'.length + 7 * 2;
  expect(fit(text, width + 1)).toBe(text);
  expect(fit(text, width)).toBe(text.replace('/srv', '\u2026rv'));
  for (let columns = 10; columns <= width; columns += 1) {
    const line = fit(text, columns);
    expect(line).toMatch(/^\u2026.*0:10$/u);
    expect(stringWidth(line)).toBeLessThan(columns);
    expect(stringWidth(line)).toBeGreaterThan(columns - 4);
  }
});
