import { describe, expect, it } from 'vitest';
import { renamesOutside } from './rename-file.ts';

describe('renamesOutside', () => {
  it.each(['shop/orders', './shop/orders.ibd', 'shop/orders\n', 'shop/..orders'])('lets %j pass', (name) => {
    expect(renamesOutside(name)).toBeUndefined();
  });

  it.each([
    '../shop/orders',
    'shop/../../orders',
    '/etc/cron.d/x',
    'a/b/c',
    '..',
    'shop/..',
    '',
    'shop/a\0b',
    // The program reads no further than the dots.
    `${'a'.repeat(509)}/..b`,
  ])('names the target of %j', (name) => {
    expect(renamesOutside(name)).toBeDefined();
  });

  it('keeps a hostile name on one line', () => {
    expect(renamesOutside('/etc/a\nERROR: b')).toBe(String.raw`$'/etc/a\nERROR: b'`);
  });
});
