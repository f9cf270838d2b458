import { expect, it } from 'vitest';
import { compareBinlogNames } from './binlogs.ts';

it('binary logs are ordered by number, not as text (D13)', () => {
  const names = ['mysql-bin.1000000', 'mysql-bin.000010', 'mysql-bin.999999', 'mysql-bin.000009'];
  expect(names.toSorted(compareBinlogNames)).toEqual([
    'mysql-bin.000009',
    'mysql-bin.000010',
    'mysql-bin.999999',
    'mysql-bin.1000000',
  ]);
});

it('binary logs whose name carries a time behind the number are ordered by the number', () => {
  const names = ['db.1-bin.000010', 'db.1-bin.000009.1795348171'];
  expect(names.toSorted(compareBinlogNames)).toEqual(names.toReversed());
});
