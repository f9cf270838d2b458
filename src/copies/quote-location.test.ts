import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteLocation, unquoteLocation } from './quote-location.ts';

describe('the location of a copy', () => {
  it.each([
    '/copies/db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz',
    "s3://b/h/daily/files/it's \\n é 日本-2026-01-01_00_00_00.tar.gz",
  ])('%s is printed as it is', (location) => {
    expect(quoteLocation(location)).toBe(location);
    expect(unquoteLocation(location)).toBe(location);
  });

  it('is one line without anything that steers a terminal, and comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const printed = quoteLocation(`/copies/${name}`);
        expect(printed).not.toMatch(/\p{Cc}|\p{Zl}|\p{Zp}/u);
        expect(unquoteLocation(printed)).toBe(`/copies/${name}`);
      }),
    );
  });

  it('with a newline is printed as bash takes it too', () => {
    const location = "/a\nb\\n\t'c' \u001b[31m\u0085";
    const printed = quoteLocation(location);
    expect(printed).toBe("$'/a\\nb\\\\n\\t\\'c\\' \\u001b[31m\\u0085'");
    const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
    const output = execFileSync('bash', ['-c', `printf %s ${printed}`], { env: environment });
    expect(output.toString()).toBe(location);
  });
});
