import { describe, expect, it } from 'vitest';
import { ReplayTrace } from './replay-trace.ts';

/** What mariadb-binlog prints of two transactions, as far as it matters. */
const MARIADB = [
  'DELIMITER /*!*/;',
  '# at 4',
  '#261127  5:07:00 server id 1  end_log_pos 256 CRC32 0x510df0cb \tStart: binlog v 4',
  '# at 328',
  '#261127  5:07:00 server id 1  end_log_pos 370 CRC32 0x76e90f70 \tGTID 0-1-1 ddl',
  'create database d',
  '/*!*/;',
  '# at 451',
  '#261127  5:07:01 server id 1  end_log_pos 493 CRC32 0x76e90f71 \tGTID 0-1-2 trans',
  "BINLOG '",
  '9A8Jaw9VowAA',
  "'/*!*/;",
  '',
].join('\n');

/** The same of mysqlbinlog. */
const MYSQL = [
  '# at 158',
  '#261127  6:09:49 server id 1  end_log_pos 235 CRC32 0x9a170e07 \tGTID\tlast_committed=0',
  "SET @@SESSION.GTID_NEXT= '3e11fa47-71ca-11e1-9e33-c80aa9429562:1'/*!*/;",
  '# at 235',
  'BEGIN',
  '# at 400',
  "SET @@SESSION.GTID_NEXT= 'ANONYMOUS'/*!*/;",
  'COMMIT',
  "SET @@SESSION.GTID_NEXT= 'AUTOMATIC' /* added by mysqlbinlog */ /*!*/;",
  '',
].join('\n');

/** Feeds it in pieces of `size`. */
function trace(text: string, size: number): ReplayTrace {
  const traced = new ReplayTrace();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) traced.feed(bytes.subarray(at, at + size));
  return traced;
}

describe('which transaction a line belongs to', () => {
  it.each([1, 2, 7, 50, 10_000])('of MariaDB, in pieces of %d bytes', (size) => {
    const traced = trace(MARIADB, size);
    expect(traced.groupAt(3)).toBeUndefined();
    expect(traced.groupAt(6)).toEqual({ line: 5, offset: 328, gtid: '0-1-1' });
    expect(traced.groupAt(11)).toEqual({ line: 9, offset: 451, gtid: '0-1-2' });
    expect(traced.offset).toBe(451);
  });

  it.each([1, 3, 10_000])('of MySQL, in pieces of %d bytes', (size) => {
    const traced = trace(MYSQL, size);
    expect(traced.groupAt(5)).toEqual({
      line: 3,
      offset: 158,
      gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1',
    });
    expect(traced.groupAt(9)).toEqual({ line: 7, offset: 400, gtid: undefined });
  });

  it('passes the bytes on as they are', async () => {
    const stage = new ReplayTrace().stage();
    const bytes = Buffer.from('a\r\n\0\n# at 4\nb');
    stage.end(bytes);
    const got: Buffer[] = [];
    for await (const piece of stage) got.push(piece as Buffer);
    expect(Buffer.concat(got)).toEqual(bytes);
  });

  it('forgets what lies far behind, and holds no long line', () => {
    const traced = new ReplayTrace();
    for (let count = 0; count < 120_000; count += 1)
      traced.feed(Buffer.from(`# at ${count}\n#261127 5:07:00 server id 1 \tGTID 0-1-${count} trans\n`));
    expect(traced.groupAt(2)).toBeUndefined();
    expect(traced.groupAt(240_000)).toMatchObject({ gtid: '0-1-119999' });
    traced.feed(Buffer.alloc(1 << 20, '#'));
    traced.feed(Buffer.from('\n# at 7\n'));
    expect(traced.offset).toBe(7);
  });
});
