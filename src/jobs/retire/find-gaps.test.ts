import { expect, it } from 'vitest';
import type { BinlogCopy } from '../../copies/binlog-copy.ts';
import { findGaps } from './find-gaps.ts';

const copyOf = (number: number, serverIdentity = 'a') =>
  ({
    key: `${serverIdentity}${number}`,
    binlog: `bin.00000${number}`,
    timeCreated: number,
    serverIdentity,
  }) as BinlogCopy;

it('a deletion leaves a gap between logs that stay, and none at either end or in the logs of another server', () => {
  const logs = [1, 2, 3, 4, 5].map((number) => copyOf(number));
  const gapsWithout = (...keys: string[]) => findGaps(logs, new Set(keys));
  expect(gapsWithout('a2', 'a3')).toEqual([{ before: 'bin.000001', after: 'bin.000004' }]);
  expect(gapsWithout('a1', 'a2', 'a5')).toEqual([]);
  expect(gapsWithout('a2', 'a4')).toHaveLength(2);
  const others = [2, 3].map((number) => copyOf(number, 'b'));
  expect(findGaps([...logs, ...others], new Set(['b2']))).toEqual([]);
});
