import { describe, expect, it } from 'vitest';
import { binlogCopyKey, binlogKeyOfObject, compareBinlogNames, originalBinlogName } from './binlog-copy.ts';

describe('the names of binlogs', () => {
  it('are in the order of their numbers, also when these grow by a digit', () => {
    const names = ['b.1000000', 'b.999999', 'b.000002', 'b.1000001'];
    expect(names.toSorted(compareBinlogNames)).toEqual(['b.000002', 'b.999999', 'b.1000000', 'b.1000001']);
  });

  it('that carry their time are ordered by their number first, whatever stands in front of it', () => {
    const names = ['b.999999.1795348171', 'b.1000000', 'b.1000000.1795348172', 'b.1000001'];
    expect(names.toReversed().toSorted(compareBinlogNames)).toEqual(names);
    const address = ['10.0.0.5.000009', '10.0.0.5.000010', '10.0.0.5.1000000'];
    expect(address.toReversed().toSorted(compareBinlogNames)).toEqual(address);
  });

  it('are recovered from a copy whose name was taken', () => {
    expect(originalBinlogName('b.000001.1546300801', 1546300801)).toBe('b.000001');
    expect(originalBinlogName('b.000001', 1546300801)).toBe('b.000001');
    expect(originalBinlogName('b.1546300801', 1546300801)).toBe('b.1546300801');
  });

  it('are recovered from the keys of objects, whatever the suffixes', () => {
    expect(binlogKeyOfObject('h/binlog/my.host-bin.000001.zst.gpg')).toBe('h/binlog/my.host-bin.000001');
    expect(binlogKeyOfObject('h/binlog/b.000001.1546300801.gz')).toBe('h/binlog/b.000001.1546300801');
    expect(binlogKeyOfObject('h/binlog/b.000001')).toBe('h/binlog/b.000001');
  });

  it('get the time, and a free one, when they are taken', () => {
    const taken = new Set<string>();
    const next = () => {
      const key = binlogCopyKey('h', { binlog: 'b.000001', timeCreated: 7 }, (each) => taken.has(each));
      taken.add(key);
      return key;
    };
    expect([next(), next(), next()]).toEqual([
      'h/binlog/b.000001',
      'h/binlog/b.000001.7',
      'h/binlog/b.000001.8',
    ]);
  });
});
