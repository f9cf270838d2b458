import { describe, expect, it } from 'vitest';
import { upstream } from '../../../test/fixtures/upstream.ts';
import { PRIMARY_POSITION, placeUpstreams } from './primary-position.ts';

const second = { ...upstream, connection: "b'c" };
const place = (lines: readonly string[], upstreams = [upstream, second]) =>
  placeUpstreams(
    upstreams,
    lines.filter((line) => PRIMARY_POSITION.test(line)),
  ).map(({ toldBy, binlog, position, gtid }) => [toldBy, gtid || `${binlog}:${position}`]);

describe('the place of a copy in the logs of its primaries', () => {
  // Written by mariabackup 10.11.18.
  it('is read from what mariabackup says of all connections', () => {
    const line =
      "[00] 2026-11-26 17:41:22 MySQL slave binlog position: gtid_slave_pos '0-35679-5'; master '' filename 'mysql-bin.000001' position '1121'; master 'b'c' master_use_gtid = slave_pos";
    expect(place(['[00] 2026-11-26 17:41:22 Writing xtrabackup_slave_info', line])).toEqual([
      ['program', 'mysql-bin.000001:1121'],
      ['program', '0-35679-5'],
    ]);
  });

  // As backup_mysql.cc of XtraBackup 2.4 to 8.0 writes them.
  it('is read from what XtraBackup says, a channel a line', () => {
    const lines = [
      "xtrabackup: MySQL slave binlog position: master host 'db0', filename 'a.000001', position '7', channel name: ''",
      "master host 'db9', purge list '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5, 4e11fa47-71ca-11e1-9e33-c80aa9429562:1', channel name: 'b'c'",
    ];
    expect(place(lines)).toEqual([
      ['program', 'a.000001:7'],
      ['program', '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1'],
    ]);
    const old = "MySQL slave binlog position: master host 'db0', filename 'a.000001', position '7'";
    expect(place([old])).toEqual([
      ['program', 'a.000001:7'],
      ['server', 'mysql-bin.000007:42'],
    ]);
  });

  it('remains that before the copy where the program says nothing, or what cannot be one', () => {
    const title = 'MySQL slave binlog position: ';
    for (const said of [
      "master '' filename 'mysql-bin' position '7'",
      "master '' filename 'mysql-bin.000001' position '7x'",
      "gtid_slave_pos '0-1-6…-9'; master '' master_use_gtid = slave_pos",
      "master '' master_use_gtid = slave_pos",
      "master 'other' filename 'mysql-bin.000001' position '7'",
    ]) {
      expect(place([`${title}${said}`], [upstream])).toEqual([['server', 'mysql-bin.000007:42']]);
    }
    expect(place(["MySQL binlog position: filename 'a.000001', position '7'"])[0]?.[0]).toBe('server');
  });
});
