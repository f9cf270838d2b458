import { expect, it } from 'vitest';
import { periodicFormat, withEntry } from '../status/layout.ts';
import { binlogCopies } from './binlog.ts';
import { fileCopies } from './files.ts';
import { mysqlCopies } from './mysql.ts';

const { empty } = periodicFormat({ name: 'status', kind: 'mysql', signed: [] });
const FILES = 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz';
const MYSQL = 'db1/daily/mysql/mysql-2026-01-01_00_00_00.xbstream.gz';
const BINLOG = 'db1/binlog/mysql-bin.000001.gz';

/** How many copies are listed whose times are all this one: of files, of MySQL, of binary logs. */
function listed(time: number): number[] {
  const times = { backup_started: time, backup_finished: time };
  const files = { ...times, host: 'db1', name: 'n', source_path: '/etc', size: 1, sha256: 'a' };
  return [
    fileCopies(withEntry(empty, 'daily', FILES, files)).length,
    mysqlCopies(withEntry(empty, 'daily', MYSQL, { ...times, type: 'full', lsn: 1 })).length,
    binlogCopies({ [BINLOG]: { time_created: time } }).length,
  ];
}

it('with a time that no date has is left alone: each backup failed when it spoke of that date', () => {
  expect(listed(8_640_000_000_000)).toEqual([1, 1, 1]);
  for (const time of [8_640_000_000_001, Number.MAX_SAFE_INTEGER, 1e300, -1]) {
    // The name of a copy of MySQL has its time as well.
    expect(listed(time)).toEqual([0, 1, 0]);
  }
});
