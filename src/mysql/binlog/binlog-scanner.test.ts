import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BinlogScan, BinlogScanner } from './binlog-scanner.ts';

const FOLDER = fileURLToPath(new URL('../../../test/fixtures/binlogs', import.meta.url));
const logOf = (name: string): Buffer => readFileSync(`${FOLDER}/${name}`);

function scan(log: Buffer, pieceLength = 1 << 20): BinlogScan {
  const scanner = new BinlogScanner();
  for (let offset = 0; offset < log.length; offset += pieceLength) {
    scanner.feed(log.subarray(offset, offset + pieceLength));
  }
  return scanner.result();
}

/** What is in a log of MariaDB of the fixtures. */
const mariadb = (number: number) => scan(logOf(`mariadb-10.11/mysql-bin.00000${number}`));
const mysql = (number: number) => scan(logOf(`mysql-9.7/mysql-bin.00000${number}`));

const TIME = 1_795_711_323;

describe('what is in a log of MariaDB', () => {
  it('is read: times, GTIDs of several domains and servers, the next log', () => {
    expect(mariadb(1)).toEqual({
      kind: 'read',
      contents: {
        serverId: 7,
        firstTime: TIME,
        // SET TIMESTAMP.
        lastTime: 1_000_000_000,
        gtidStart: '',
        // As @@gtid_binlog_state was.
        gtidEnd: '0-9-4,0-7-6,2-9-1',
        nextBinlog: 'mysql-bin.000002',
        endedCleanly: true,
        closedTime: TIME,
        transactions: 7,
      },
    });
  });

  it('begins with the GTIDs that the log before it ended with, with and without checksums', () => {
    const scans = [1, 2, 3, 4, 5].map(mariadb);
    const states = scans.map((each) => (each.kind === 'read' ? each.contents : undefined));
    expect(states.slice(1).map((each) => each?.gtidStart)).toEqual(
      states.slice(0, -1).map((each) => each?.gtidEnd),
    );
    expect(states.map((each) => each?.nextBinlog)).toEqual([
      'mysql-bin.000002',
      'mysql-bin.000003',
      'mysql-bin.000004',
      undefined,
      undefined,
    ]);
  });

  it('tells a shutdown from a server that was killed', () => {
    expect(mariadb(4)).toMatchObject({ contents: { endedCleanly: true, nextBinlog: undefined } });
    expect(mariadb(5)).toMatchObject({ contents: { endedCleanly: false, nextBinlog: undefined } });
  });

  it('cannot be read where the server encrypts it', () => {
    expect(scan(logOf('mariadb-10.11/encrypted.000001'))).toEqual({ kind: 'encrypted' });
  });
});

describe('what is in a log of MySQL', () => {
  const SERVER = '87d8900a-e9b7-11f1-8c4a-02fc00000001';
  const OTHER = '00000000-0000-0000-0000-00000000000a';

  it('is read but for the GTIDs where its server has more parts of them than a scanner holds', () => {
    const log = logOf('mysql-9.7/mysql-bin.000001');
    const [first, second] = [4 + log.readUInt32LE(4 + 9), 9];
    const behind = first + log.readUInt32LE(first + second);
    const long = Buffer.concat([log.subarray(first, first + 19), Buffer.alloc(70_000)]);
    long.writeUInt32LE(long.length, 9);
    const scanned = scan(Buffer.concat([log.subarray(0, first), long, log.subarray(behind)]));
    expect(scanned).toMatchObject({
      kind: 'read',
      contents: { gtidStart: undefined, gtidEnd: undefined, firstTime: 1_795_710_990 },
    });
  });

  it('is read: the times of the commits also under SET TIMESTAMP, GTIDs with tags, the next log', () => {
    expect(mysql(1)).toEqual({
      kind: 'read',
      contents: {
        serverId: 7,
        firstTime: 1_795_710_990,
        lastTime: 1_795_710_990,
        gtidStart: '',
        // As @@gtid_executed was.
        gtidEnd: `${OTHER}:77:79,${SERVER}:1-4:nightly:1-2`,
        nextBinlog: 'mysql-bin.000002',
        endedCleanly: true,
        closedTime: 1_795_710_990,
        transactions: 8,
      },
    });
  });

  it('begins with the GTIDs that the log before it ended with, with and without checksums', () => {
    expect(mysql(2)).toMatchObject({
      contents: {
        gtidStart: `${OTHER}:77:79,${SERVER}:1-4:nightly:1-2`,
        gtidEnd: `${OTHER}:77:79,${SERVER}:1-5:nightly:1-3`,
      },
    });
    expect(mysql(3)).toMatchObject({
      contents: {
        gtidStart: `${OTHER}:77:79,${SERVER}:1-5:nightly:1-3`,
        gtidEnd: `${OTHER}:77:79,${SERVER}:1-6:nightly:1-3`,
        nextBinlog: 'mysql-bin.000004',
      },
    });
  });

  it('has no times without a transaction, and no next log after a shutdown', () => {
    const gtids = `${OTHER}:77:79,${SERVER}:1-6:nightly:1-3`;
    expect(mysql(4)).toEqual({
      kind: 'read',
      contents: {
        serverId: 7,
        firstTime: undefined,
        lastTime: undefined,
        gtidStart: gtids,
        gtidEnd: gtids,
        nextBinlog: undefined,
        endedCleanly: true,
        closedTime: 1_795_710_990,
        transactions: 0,
      },
    });
  });

  it('cannot be read where the server encrypts it', () => {
    expect(scan(Buffer.concat([Buffer.from('fd62696e', 'hex'), Buffer.alloc(600, 7)]))).toEqual({
      kind: 'encrypted',
    });
  });
});

const FILES = ['mariadb-10.11/mysql-bin.000001', 'mysql-9.7/mysql-bin.000001', 'mysql-9.7/mysql-bin.000003'];

describe.each(FILES)('the scan of %s', (file) => {
  const log = logOf(file);

  it('finds the same whatever the pieces are', () => {
    for (const length of [1, 2, 3, 18, 19, 20, 64, 1000]) expect(scan(log, length)).toEqual(scan(log));
  });

  it('finds what was there where the log is cut short, and that it did not end cleanly', () => {
    const whole = scan(log);
    const gtidStart = whole.kind === 'read' ? whole.contents.gtidStart : undefined;
    // Behind the event with the GTIDs.
    for (let length = 310; length < log.length; length += 1) {
      expect(scan(log.subarray(0, length))).toMatchObject({
        contents: { serverId: 7, gtidStart, endedCleanly: false, nextBinlog: undefined },
      });
    }
  });

  it('never fails, whatever the bytes are', () => {
    const damage = fc.array(fc.tuple(fc.nat(log.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(damage, fc.nat(600), (changes, pieceLength) => {
        const damaged = Buffer.from(log);
        for (const [offset, byte] of changes) damaged.writeUInt8(byte, offset);
        expect(['read', 'encrypted', 'unreadable']).toContain(scan(damaged, pieceLength + 1).kind);
      }),
    );
  });
});

describe('a log that cannot be read', () => {
  const log = logOf('mariadb-10.11/mysql-bin.000001');
  const end = 4 + log.readUInt32LE(4 + 9);
  const changed = (offset: number, byte: number) => {
    const damaged = Buffer.from(log);
    damaged.writeUInt8(byte, offset);
    return scan(damaged);
  };

  it.each([
    [
      'an event without a length',
      end + 9,
      0,
      'an event of type 163 is damaged or of an unknown form: its length is 0',
    ],
    ['checksums of a kind that is not known', end - 5, 2, 'it names checksums of kind 2'],
    ['an event that is too long to be held', 328 + 11, 2, 'bytes'],
    [
      'another event in front',
      4 + 4,
      2,
      'an event of type 2 is damaged or of an unknown form: it comes first',
    ],
  ])('says why: %s', (_what, offset, byte, reason) => {
    expect(changed(offset, byte)).toEqual({
      kind: 'unreadable',
      reason: expect.stringContaining(reason) as string,
    });
  });

  it('says so of what is empty', () => {
    expect(scan(Buffer.alloc(0))).toEqual({ kind: 'unreadable', reason: 'it has no event' });
  });
});
