import { describe, expect, it } from 'vitest';
import { datedByName, orderBinlogs, splitIntoEras } from './order-binlogs.ts';

const log = (binlog: string, timeCreated: number | undefined) => ({ binlog, timeCreated });

describe('binary logs', () => {
  it('of two eras come one era after the other, although they have the same names', () => {
    const [old, young] = [
      [log('b.000001', 10), log('b.000002', 20), log('b.000003', 30)],
      [log('b.000001', 40), log('b.000002', 50), log('b.000004', 60)],
    ];
    expect(splitIntoEras([...young, ...old])).toEqual([old, young]);
  });

  it('are told apart too when the first logs of the older era have expired', () => {
    const logs = [log('b.000008', 10), log('b.000009', 20), log('b.000001', 30), log('b.000002', 40)];
    expect(orderBinlogs(logs.toReversed())).toEqual(logs);
  });

  it('of one era go by their numbers, as a long statement dates the log that it begins back', () => {
    const logs = [log('b.999998', 10), log('b.999999', 30), log('b.1000000', 20), log('b.1000001', 40)];
    expect(orderBinlogs(logs.toReversed())).toEqual(logs);
  });

  it('of another log_bin follow those before', () => {
    const logs = [log('z.000001', 10), log('z.000002', 20), log('a.000003', 30), log('a.000004', 40)];
    expect(orderBinlogs(logs.toReversed())).toEqual(logs);
  });

  it('go by their numbers where no time is known', () => {
    const logs = ['b.000001', 'b.000002', 'b.000010'].map((name) => log(name, undefined));
    expect(orderBinlogs(logs.toReversed())).toEqual(logs);
  });

  it('tell by the names of their copies when they were begun, if these carry it', () => {
    expect(datedByName('b.000001.1795372212')).toEqual(log('b.000001', 1_795_372_212));
    expect(datedByName('10.0.0.5.000001')).toEqual(log('10.0.0.5.000001', undefined));
  });
});
