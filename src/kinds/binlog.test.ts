import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBinlogStatus } from '../../test/fixtures/independent-status-reader.ts';
import type { BinlogContents } from '../copies/binlog-contents.ts';
import { type BinlogCopy, binlogCopyKey } from '../copies/binlog-copy.ts';
import type { Status } from '../status/entries.ts';
import { decodeEnvelope, encodeEnvelope } from '../status/envelope.ts';
import { BINLOG, BINLOG_STATUS } from './binlog.ts';

const KEY = 'db1/binlog/mysql-bin.000001';

function store(status: Status): string {
  return encodeEnvelope(BINLOG_STATUS.serialise(status));
}

function reread(status: Status): Status {
  return BINLOG_STATUS.parse(decodeEnvelope(store(status)).content);
}

const CONTENTS: BinlogContents = {
  serverId: 7,
  firstTime: 1546300802,
  lastTime: 1546300900,
  gtidStart: '',
  gtidEnd: '0-7-12',
  nextBinlog: 'mysql-bin.000002',
  endedCleanly: true,
  closedTime: 1546300950,
  transactions: 12,
};

function copyOf(changes: Partial<BinlogCopy> = {}): BinlogCopy {
  return {
    key: KEY,
    host: 'db1',
    name: 'mysql-bin.000001',
    binlog: 'mysql-bin.000001',
    timeCreated: 1546300801,
    serverIdentity: 'a',
    gapAfter: undefined,
    size: 1,
    sha256: '00',
    chain: ['.gz'],
    contents: CONTENTS,
    ...changes,
  };
}

function optional<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

describe('a binlog status of the Python tool', () => {
  it.each(['time_created', 'created_at'])(
    'is read with the time in %s, and written with time_created',
    (name) => {
      const status = BINLOG_STATUS.parse({ [KEY]: { [name]: 1546300801 } });
      expect(BINLOG.copies(status)).toEqual([
        copyOf({
          serverIdentity: undefined,
          size: undefined,
          sha256: undefined,
          chain: undefined,
          contents: undefined,
        }),
      ]);
      expect(readBinlogStatus(store(status))).toEqual([[KEY, 1546300801]]);
    },
  );

  it('is read where a name that was taken has the time behind it', () => {
    const status = BINLOG_STATUS.parse({ [`${KEY}.1546300801`]: { time_created: 1546300801 } });
    expect(BINLOG.copies(status)).toMatchObject([
      { name: 'mysql-bin.000001.1546300801', binlog: 'mysql-bin.000001' },
    ]);
  });

  it('keeps what we do not know of', () => {
    const status = BINLOG_STATUS.parse({ [KEY]: { time_created: 5, colour: 'red' } });
    const other = BINLOG.enter(status, copyOf({ key: 'db1/binlog/b.000002' }));
    expect(reread(BINLOG_STATUS.withoutKeys(other, ['db1/binlog/b.000002']))).toEqual({
      [KEY]: { time_created: 5, colour: 'red' },
    });
  });

  it('leaves an entry without a time alone, and the Python tool can still read the others', () => {
    const status = BINLOG_STATUS.parse({
      [KEY]: { time_created: null },
      'db1/binlog/b.1': { time_created: 7 },
    });
    expect(() => readBinlogStatus(encodeEnvelope(status))).toThrow('would not read');
    for (const each of [status, reread(status)]) {
      expect(BINLOG.copies(each).map(({ key }) => key)).toEqual(['db1/binlog/b.1']);
    }
    expect(readBinlogStatus(store(status))).toHaveLength(2);
    // Version 3.3 of the Python tool takes the status for empty because of a 0.
    expect(new Map(readBinlogStatus(store(status))).get(KEY)).toBe(1);
  });

  it('is read with a time that has a fraction or is digits in a string', () => {
    const status = BINLOG_STATUS.parse({
      [KEY]: { time_created: 6.5 },
      'db1/binlog/b.1': { created_at: '7' },
    });
    expect(BINLOG.copies(status)).toMatchObject([{ timeCreated: 7 }, { timeCreated: 7 }]);
    expect(readBinlogStatus(store(status)).map(([, time]) => time)).toEqual([7, 7]);
  });

  it('is damaged when it is not a list of copies', () => {
    expect(() => BINLOG_STATUS.parse({ [KEY]: 5 })).toThrow('it is not a list of binlog copies');
  });

  it.skipIf(!process.env['TWINDB_GOLDEN'])('from the golden repository is read', () => {
    const file = join(process.env['TWINDB_GOLDEN'] ?? '', 'repository/db1/binlog-status');
    const text = readFileSync(file, 'utf8');
    const status = BINLOG_STATUS.parse(decodeEnvelope(text).content);
    expect(BINLOG.copies(status).map(({ binlog }) => binlog)).toEqual([
      'mysql-bin.000001',
      'mysql-bin.000002',
      'mysql-bin.000003',
    ]);
    expect(readBinlogStatus(store(status))).toEqual(readBinlogStatus(text));
  });
});

describe('a binlog status of ours', () => {
  it('can be read by the Python tool, and comes back whole, whatever the copies', () => {
    const logs = fc.record({
      binlog: fc.constantFrom('mysql-bin.000001', 'mysql-bin.000002', 'db.example.999999', 'log.1000000'),
      timeCreated: fc.integer({ min: 1, max: 3 }),
      serverIdentity: optional(fc.uuid()),
      gapAfter: optional(fc.string()),
      size: optional(fc.nat()),
      sha256: optional(fc.string()),
      chain: optional(fc.constant(['.zst', '.gpg'])),
      machineId: optional(fc.string()),
      server: optional(fc.string()),
      contents: optional(
        fc.record({
          serverId: fc.nat(),
          firstTime: optional(fc.nat()),
          lastTime: optional(fc.nat()),
          gtidStart: optional(fc.string()),
          gtidEnd: optional(fc.string()),
          nextBinlog: optional(fc.string()),
          endedCleanly: fc.boolean(),
          closedTime: optional(fc.nat()),
          transactions: optional(fc.nat()),
        }),
      ),
    });
    fc.assert(
      fc.property(fc.array(logs, { maxLength: 8 }), (some) => {
        const all: BinlogCopy[] = [];
        let status: Status = BINLOG_STATUS.empty;
        for (const log of some) {
          const taken = status;
          const key = binlogCopyKey('db1', log, (each) => Object.hasOwn(taken, each));
          const copy = { ...log, host: 'db1', key, name: key.slice('db1/binlog/'.length) };
          all.push({ ...copy, serial: all.length + 1 });
          status = BINLOG.enter(status, copy);
        }
        const times = readBinlogStatus(store(status));
        expect(new Map(times)).toEqual(new Map(all.map(({ key, timeCreated }) => [key, timeCreated])));
        expect(new Set(BINLOG.copies(reread(status)))).toEqual(new Set(all));
      }),
    );
  });

  it('has the contents of a log as attributes, and none of them where they are not known', () => {
    expect(BINLOG.attributes(copyOf())).toMatchObject({
      server_id: 7,
      first_time: 1546300802,
      last_time: 1546300900,
      gtid_start: '',
      gtid_end: '0-7-12',
      next_binlog: 'mysql-bin.000002',
      ended_cleanly: true,
      closed_time: 1546300950,
      transactions: 12,
    });
    const without = BINLOG.attributes(copyOf({ contents: undefined }));
    expect(Object.keys(without)).not.toContain('server_id');
    expect(Object.keys(without)).not.toContain('ended_cleanly');
  });

  it('knows the objects of its copies by any suffixes, and no others', () => {
    const status = BINLOG.enter(BINLOG_STATUS.empty, copyOf());
    const owned = (suffix: string) => BINLOG_STATUS.ownsObject(status, KEY + suffix);
    expect(['', '.gz', '.zst.gpg'].filter(owned)).toHaveLength(3);
    expect(['0', '0.gz', '.1546300801.gz'].filter(owned)).toEqual([]);
  });

  it('does not say of a log what it knew of another one of the same name', () => {
    const known = BINLOG.enter(BINLOG_STATUS.empty, copyOf({ timeCreated: 5 }));
    const same = { [KEY]: { time_created: 5 } };
    const later = { [KEY]: { time_created: 6 } };
    expect(BINLOG_STATUS.withExtraAttributes(same, known)[KEY]).toMatchObject({ server_identity: 'a' });
    expect(BINLOG_STATUS.withExtraAttributes(later, known)).toEqual(later);
  });

  it.each([
    ['a key with a folder more', { key: 'db1/daily/mysql/x' }],
    ['a time that is none', { timeCreated: Number.NaN }],
    ['no time', { timeCreated: 0 }],
  ])('refuses %s', (_what, changes) => {
    expect(() => BINLOG.attributes(copyOf(changes))).toThrow('Cannot record');
  });
});
