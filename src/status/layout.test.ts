import { describe, expect, it } from 'vitest';
import { RUN_TYPES } from '../copies/run-type.ts';
import { StatusDamagedError } from './envelope.ts';
import { entriesOf, withEntry } from './layout.ts';
import { readNumber } from './read-number.ts';
import { statusFormat } from './status-format.ts';

const format = statusFormat({
  name: 'files-status',
  kind: 'files',
  signed: [],
  timeOf: ({ backup_started }) => readNumber(backup_started),
});

const one = withEntry(format.empty, 'daily', 'k1', { size: 1 });
const two = withEntry(one, 'weekly', 'k2', { size: 2 });

describe('a status of periodic copies', () => {
  it('always has all five run types, in their order: the Python tool needs them', () => {
    for (const status of [format.empty, format.parse({}), two]) {
      expect(Object.keys(status)).toEqual([...RUN_TYPES]);
    }
    expect(Object.keys(format.withoutKeys(two, ['k1', 'k2']))).toEqual([...RUN_TYPES]);
  });

  it.each([
    ['a list', { daily: [] }],
    ['a text', { hourly: 'x' }],
    ['an entry that is none', { daily: { k: 7 } }],
    ['an entry that is a list', { daily: { k: [] } }],
  ])('is damaged when a section is or holds %s', (_, content) => {
    expect(() => format.parse(content)).toThrow(StatusDamagedError);
    expect(() => format.parse(content)).toThrow(`its section "${Object.keys(content)[0]}"`);
  });

  it('gains and loses entries without changing the status it came from', () => {
    expect(entriesOf(two)).toEqual([
      ['k1', { size: 1 }],
      ['k2', { size: 2 }],
    ]);
    expect(entriesOf(format.withoutKeys(two, ['k1', 'unknown']))).toEqual([['k2', { size: 2 }]]);
    expect(entriesOf(one)).toHaveLength(1);
    expect(entriesOf(format.empty)).toEqual([]);
  });

  it('knows exactly the keys it lists', () => {
    expect(format.ownsObject(two, 'k1')).toBe(true);
    expect(format.ownsObject(two, 'k')).toBe(false);
    expect(format.ownsObject(two, 'constructor')).toBe(false);
    expect(format.ownsObject(withEntry(two, 'daily', '__proto__', {}), '__proto__')).toBe(true);
  });

  it('keeps members and attributes that are not known here', () => {
    const foreign = { future: { a: 1 }, daily: { k1: { size: 1, newer: { b: [2] } } } };
    const status = withEntry(format.parse(foreign), 'daily', 'k2', {});
    expect(format.withoutKeys(status, ['k2'])).toMatchObject(foreign);
    expect(format.withExtraAttributes(format.empty, status)).toMatchObject({ future: { a: 1 }, daily: {} });
    expect(format.withExtraAttributes(status, format.empty)).toMatchObject(foreign);
  });

  it('takes attributes from the other only where it has none, and only for keys both have', () => {
    const other = withEntry(
      withEntry(format.empty, 'daily', 'k1', { size: 9, sha256: 'x' }),
      'daily',
      'gone',
      {},
    );
    expect(entriesOf(format.withExtraAttributes(two, other))).toEqual([
      ['k1', { size: 1, sha256: 'x' }],
      ['k2', { size: 2 }],
    ]);
  });
});
