import { describe, expect, it } from 'vitest';
import { mergeExtraAttributes } from '../status/entries.ts';
import { BINLOG_STATUS } from './binlog.ts';
import { FILES_STATUS } from './files.ts';
import { MYSQL_STATUS } from './mysql.ts';
import { pinOf, withPin } from './pin-field.ts';

const pin = { at: 10, reason: 'before the migration' };

describe('the pin in an entry', () => {
  it('is read back as it was written, and leaves all else as it is', () => {
    const attributes = { size: 1, mac: 'k:00' };
    expect(pinOf(withPin(attributes, pin))).toEqual(pin);
    expect(withPin(withPin(attributes, pin), undefined)).toEqual(attributes);
  });

  it.each([[true], ['yes'], [1], [{}], [[]], [{ at: 'noon', reason: 7 }]])(
    'is one in the form %j too',
    (pinned) => {
      expect(pinOf({ pinned })).toEqual({ at: undefined, reason: undefined });
    },
  );

  it.each([[undefined], [null], [false]])('is none as %s', (pinned) => {
    expect(pinOf({ pinned })).toBeUndefined();
  });

  it('comes back from the second copy of a status where the Python tool has rewritten the first', () => {
    const rewritten = { a: { size: 1 } };
    expect(mergeExtraAttributes(rewritten, { a: withPin({ size: 1 }, pin) }, () => 0)['a']).toEqual({
      size: 1,
      pinned: pin,
    });
  });

  it('is no part of what a mac covers: one of the two files may have it and the other may not', () => {
    for (const { signed } of [FILES_STATUS, MYSQL_STATUS, BINLOG_STATUS])
      expect(signed).not.toContain('pinned');
  });
});
