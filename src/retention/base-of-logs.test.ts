import { describe, expect, it } from 'vitest';
import { findBaseOfLogs } from './base-of-logs.ts';

const copy = (
  key: string,
  backupFinished: number,
  binlog: string | undefined,
  serverIdentity: string | undefined = 'A',
) => ({ key, backupFinished, binlog, position: binlog === undefined ? undefined : 700, serverIdentity });

const log = (binlog: string, timeCreated: number, serverIdentity: string | undefined = 'A') => ({
  binlog,
  timeCreated,
  serverIdentity,
});

const LOGS = [log('b.000005', 50), log('b.000006', 60), log('b.000007', 70)];

const baseOf = (...args: Parameters<typeof findBaseOfLogs>) => findBaseOfLogs(...args)?.key;

describe('the base of the logs that are kept', () => {
  it('is the copy that ends in the oldest of them, and of several the newest', () => {
    const copies = [copy('new', 75, 'b.000007'), copy('late', 58, 'b.000005'), copy('early', 52, 'b.000005')];
    expect(baseOf(copies, LOGS)).toBe('late');
    expect(baseOf(copies.toReversed(), LOGS.toReversed())).toBe('late');
  });

  it('is none that ends in a log which is gone, nor one without a position', () => {
    const copies = [
      copy('gone', 45, 'b.000004'),
      copy('unknown', 55, undefined),
      copy('used', 65, 'b.000006'),
    ];
    expect(baseOf(copies, LOGS)).toBe('used');
  });

  it('is none where no log was copied', () => {
    expect(baseOf([copy('only', 55, 'b.000005')], [])).toBeUndefined();
  });

  it('is not told by a name that was given again, or by another server', () => {
    const logs = [log('b.000001', 10), log('b.000002', 20), log('b.000001', 90)];
    expect(baseOf([copy('young', 95, 'b.000001'), copy('used', 25, 'b.000002')], logs)).toBe('used');
    expect(baseOf([copy('young', 95, 'b.000001'), copy('old', 15, 'b.000001')], logs)).toBe('old');
    expect(baseOf([copy('early', 40, 'b.000005')], LOGS)).toBeUndefined();
    expect(baseOf([copy('other', 55, 'b.000005', 'B')], LOGS)).toBeUndefined();
    const ofPython = LOGS.map((each) => ({ ...each, serverIdentity: undefined }));
    expect(baseOf([copy('any', 55, 'b.000005', 'B')], ofPython)).toBe('any');
  });
});
