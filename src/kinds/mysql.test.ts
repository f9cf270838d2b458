import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMysqlStatus } from '../../test/fixtures/independent-status-reader.ts';
import { COPY_TYPES, type MysqlCopy, SERVER_VENDORS } from '../copies/mysql-copy.ts';
import { RUN_TYPES } from '../copies/run-type.ts';
import type { Status } from '../status/entries.ts';
import { decodeEnvelope, encodeEnvelope, type StatusContent } from '../status/envelope.ts';
import { entriesOf, withEntry } from '../status/layout.ts';
import { LOCAL_MYSQL_STATUS, MYSQL, MYSQL_STATUS, parentsOfOthers } from './mysql.ts';

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

const FULL_KEY = 'db1/daily/mysql/mysql-2019-01-01_00_00_01.xbstream.gz';
const HOURLY_KEY = 'db1/hourly/mysql/mysql-2019-01-01_01_00_01.xbstream.gz';

/** The entries of the contract's example, as version 2 of the Python tool wrote them. */
const FULL = {
  host: 'db1',
  run_type: 'daily',
  name: 'mysql-2019-01-01_00_00_01.xbstream.gz',
  type: 'full',
  parent: null,
  lsn: 1626,
  binlog: 'mysql-bin.000001',
  position: 1053,
  backup_started: 1546300801,
  backup_finished: 1546300901,
  galera: false,
  wsrep_provider_version: null,
  config: [{ '/etc/my.cnf': base64('[mysqld]\n') }],
};
const HOURLY = {
  ...FULL,
  run_type: 'hourly',
  name: 'mysql-2019-01-01_01_00_01.xbstream.gz',
  type: 'incremental',
  parent: FULL_KEY,
  lsn: 1700,
};

function content(sections: StatusContent): StatusContent {
  return { hourly: {}, daily: {}, weekly: {}, monthly: {}, yearly: {}, ...sections };
}

function parse(sections: StatusContent): Status {
  return MYSQL_STATUS.parse(content(sections));
}

function store(status: Status): string {
  return encodeEnvelope(MYSQL_STATUS.serialise(status));
}

function copyOf(changes: Partial<MysqlCopy> = {}): MysqlCopy {
  const [copy] = MYSQL.copies(parse({ daily: { [FULL_KEY]: FULL } }));
  return { ...(copy as MysqlCopy), ...changes };
}

function optional<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

describe('a MySQL status of the Python tool', () => {
  it('is read in the form of version 2, where a missing vendor means Oracle', () => {
    const status = parse({ daily: { [FULL_KEY]: FULL }, hourly: { [HOURLY_KEY]: HOURLY } });
    const [hourly, daily] = MYSQL.copies(status);
    expect(daily).toEqual({
      key: FULL_KEY,
      host: 'db1',
      runType: 'daily',
      name: FULL.name,
      type: 'full',
      parent: undefined,
      lsn: 1626,
      binlog: 'mysql-bin.000001',
      position: 1053,
      gtid: undefined,
      backupStarted: 1546300801,
      backupFinished: 1546300901,
      galera: false,
      wsrepProviderVersion: undefined,
      config: FULL.config,
      serverVendor: 'oracle',
      serverVersion: undefined,
      serverIdentity: undefined,
      size: undefined,
      sha256: undefined,
      unpackedSize: undefined,
      chain: undefined,
    } satisfies MysqlCopy);
    expect(hourly).toMatchObject({ key: HOURLY_KEY, type: 'incremental', parent: FULL_KEY });
  });

  it('is read with the vendor of version 3, and with null coordinates', () => {
    const entry = { ...FULL, server_vendor: 'mariadb', binlog: null, position: null };
    expect(MYSQL.copies(parse({ daily: { [FULL_KEY]: entry } }))).toMatchObject([
      { serverVendor: 'mariadb', binlog: undefined, position: undefined },
    ]);
  });

  it.each([
    ['missing', undefined],
    ['null', null],
    ['a single object', { '/etc/my.cnf': base64('x') }],
  ])('whose config is %s is read, and written as a list', (_what, config) => {
    const entry = { ...FULL, config };
    const status = parse({ daily: { [FULL_KEY]: JSON.parse(JSON.stringify(entry)) } });
    const files = config ? [config] : [];
    expect(MYSQL.copies(status)).toMatchObject([{ key: FULL_KEY, config: files }]);
    expect(readMysqlStatus(store(status))[0]?.config).toEqual(config ? [['/etc/my.cnf', 'x']] : []);
  });

  it('keeps the attributes that we do not know, and those beside the run types', () => {
    const entry = { ...FULL, colour: 'red', deep: { a: [1] } };
    const status = parse({ daily: { [FULL_KEY]: entry }, note: 'x' });
    const changed = MYSQL_STATUS.withoutKeys(
      withEntry(status, 'daily', 'db1/daily/mysql/new.xbstream.gz', MYSQL.attributes(copyOf())),
      ['db1/daily/mysql/new.xbstream.gz'],
    );
    expect(decodeEnvelope(store(changed)).content).toEqual(
      content({ daily: { [FULL_KEY]: entry }, note: 'x' }),
    );
  });

  it.skipIf(!process.env['TWINDB_GOLDEN'])('from the golden repository is read in both forms', () => {
    const golden = process.env['TWINDB_GOLDEN'] ?? '';
    for (const file of ['repository/db1/status', 'status.bare-base64']) {
      const text = readFileSync(join(golden, file), 'utf8');
      const status = MYSQL_STATUS.parse(decodeEnvelope(text).content);
      const [hourly, daily, ...others] = MYSQL.copies(status);
      expect(others).toEqual([]);
      expect(hourly).toMatchObject({ type: 'incremental', parent: daily?.key, serverVendor: 'mariadb' });
      expect(daily).toMatchObject({ type: 'full', runType: 'daily', host: 'db1', binlog: undefined });
      expect(readMysqlStatus(store(status))).toEqual(readMysqlStatus(text));
    }
  });
});

describe('an entry of the Python tool 2.12 to 2.15', () => {
  /** By the clock of this host, as the name has it. */
  const byName = new Date(2019, 0, 1, 1, 0, 1).getTime() / 1000;
  const without = { ...HOURLY, backup_started: undefined, backup_finished: undefined };
  it.each([
    ['without times', {}, byName, byName],
    ['with nulls', { backup_started: null, backup_finished: null }, byName, byName],
    [
      'with zeros, as earlier versions of ours wrote',
      { backup_started: 0, backup_finished: 0 },
      byName,
      byName,
    ],
    [
      'with fractions',
      { backup_started: 1546304401.25, backup_finished: 1546304407.75 },
      1546304402,
      1546304408,
    ],
    [
      'with digits in strings',
      { backup_started: '1546304401', backup_finished: '1546304407.5' },
      1546304401,
      1546304408,
    ],
    ['that tells its end only', { backup_finished: 1500000000 }, 1500000000, 1500000000],
    ['that tells its beginning only', { backup_started: 1546304401 }, 1546304401, 1546304401],
  ])('%s is a copy, and is written with times that are not less', (_what, times, started, finished) => {
    const entry = { ...JSON.parse(JSON.stringify(without)), lsn: '1700', ...times };
    const status = parse({ hourly: { [HOURLY_KEY]: entry } });
    for (const each of [status, MYSQL_STATUS.parse(decodeEnvelope(store(status)).content)]) {
      expect(MYSQL.copies(each)).toMatchObject([
        {
          type: 'incremental',
          parent: FULL_KEY,
          lsn: 1700,
          backupStarted: started,
          backupFinished: finished,
        },
      ]);
    }
    expect(readMysqlStatus(store(status))).toMatchObject([
      { lsn: 1700, backupStarted: started, backupFinished: finished },
    ]);
  });

  it('without times in it or in its name is no copy, and never gets a 0 for a time', () => {
    const key = 'db1/hourly/mysql/mysql-x.xbstream.gz';
    const status = parse({ hourly: { [key]: JSON.parse(JSON.stringify(without)) } });
    for (const each of [status, MYSQL_STATUS.parse(decodeEnvelope(store(status)).content)]) {
      expect(MYSQL.copies(each)).toEqual([]);
      expect(parentsOfOthers(each, [])).toEqual([FULL_KEY]);
    }
    expect(readMysqlStatus(store(status))).toMatchObject([{ backupStarted: 1, backupFinished: 1 }]);
  });
});

describe('an entry that says too little', () => {
  const damaged = { ...HOURLY, lsn: null, backup_finished: undefined, type: undefined, server_vendor: null };

  it('is no copy, but keeps its parent, also after it was stored and read again', () => {
    const status = parse({ hourly: { [HOURLY_KEY]: damaged } });
    const again = MYSQL_STATUS.parse(decodeEnvelope(store(status)).content);
    for (const each of [status, again]) {
      expect(MYSQL.copies(each)).toEqual([]);
      expect(parentsOfOthers(each, [])).toEqual([FULL_KEY]);
      expect(entriesOf(each)).toHaveLength(1);
    }
  });

  it('does not make the Python tool take the status for empty once we have stored it', () => {
    const before = parse({ hourly: { [HOURLY_KEY]: damaged }, daily: { [FULL_KEY]: FULL } });
    expect(() => readMysqlStatus(encodeEnvelope(before))).toThrow('would not read');
    expect(readMysqlStatus(store(before)).map(({ key }) => key)).toEqual([HOURLY_KEY, FULL_KEY]);
  });
});

describe('a MySQL status of ours', () => {
  const time = fc.integer({ min: 1, max: 2 ** 40 });
  const copies = fc.record({
    runType: fc.constantFrom(...RUN_TYPES),
    type: fc.constantFrom(...COPY_TYPES),
    parent: optional(fc.constant(FULL_KEY)),
    lsn: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    binlog: optional(fc.string()),
    position: optional(fc.nat()),
    gtid: optional(fc.string()),
    backupStarted: time,
    backupFinished: time,
    galera: fc.boolean(),
    wsrepProviderVersion: optional(fc.string()),
    config: fc.array(
      fc
        .tuple(fc.stringMatching(/^\/etc\/[a-z]{6}\.cnf$/), fc.uint8Array())
        .map(([path, bytes]) => ({ [path]: base64(Buffer.from(bytes)) })),
      { maxLength: 1 },
    ),
    serverVendor: fc.constantFrom(...SERVER_VENDORS),
    serverVersion: optional(fc.string()),
    serverIdentity: optional(fc.uuid()),
    size: optional(fc.nat()),
    sha256: optional(fc.string()),
    unpackedSize: optional(fc.nat()),
    chain: optional(fc.constant(['.gz', '.gpg'])),
  });

  it('can be read by the Python tool, and comes back whole, whatever the copies', () => {
    fc.assert(
      fc.property(fc.array(copies, { maxLength: 4 }), (some) => {
        const all = some.map((copy, index): MysqlCopy => {
          const name = `mysql-${index}.xbstream.gz`;
          return { ...copy, host: 'db1', name, key: `db1/${copy.runType}/mysql/${name}` };
        });
        const status = all.reduce(
          (sum, copy) => withEntry(sum, copy.runType, copy.key, MYSQL.attributes(copy)),
          MYSQL_STATUS.empty,
        );
        const text = store(status);
        expect(new Map(readMysqlStatus(text).map(({ key, lsn }) => [key, lsn]))).toEqual(
          new Map(all.map(({ key, lsn }) => [key, lsn])),
        );
        const back = MYSQL.copies(MYSQL_STATUS.parse(decodeEnvelope(text).content));
        expect(new Set(back)).toEqual(new Set(all));
      }),
    );
  });

  it('gives the Python tool text for a configuration file that is not UTF-8, and us its own bytes', () => {
    const config = [{ '/etc/my.cnf': base64(Buffer.from('# caf\xe9\n', 'latin1')) }];
    const status = withEntry(MYSQL_STATUS.empty, 'daily', FULL_KEY, MYSQL.attributes(copyOf({ config })));
    const text = store(status);
    expect(readMysqlStatus(text)[0]?.config).toEqual([['/etc/my.cnf', '# café\n']]);
    expect(MYSQL.copies(MYSQL_STATUS.parse(decodeEnvelope(text).content))[0]?.config).toEqual(config);
  });

  it.each([
    ['lsn', { lsn: Number.NaN }],
    ['lsn', { lsn: 2 ** 60 }],
    ['lsn', { lsn: 0 }],
    ['backupStarted', { backupStarted: 1.5 }],
    ['backupFinished', { backupFinished: 0 }],
  ])('refuses a copy without a usable %s', (what, changes) => {
    expect(() => MYSQL.attributes(copyOf(changes))).toThrow(
      `Cannot record ${FULL_KEY}: ${what} must be a positive whole number`,
    );
  });

  it('refuses a key of another shape', () => {
    expect(() => MYSQL.attributes(copyOf({ key: 'db1/daily/files/x' }))).toThrow('not the key');
    expect(() => MYSQL.attributes(copyOf({ runType: 'hourly' }))).toThrow('not the key');
  });
});

describe('a MySQL status below keep_local_path', () => {
  it('that the Python tool copied there has the keys of the files, which gpg has not touched', () => {
    const status = LOCAL_MYSQL_STATUS.parse(
      content({
        daily: { [`${FULL_KEY}.gpg`]: { ...FULL, name: `${FULL.name}.gpg` } },
        hourly: { [HOURLY_KEY]: { ...HOURLY, parent: `${FULL_KEY}.gpg` } },
      }),
    );
    expect(MYSQL.copies(status)).toMatchObject([
      { key: HOURLY_KEY, parent: FULL_KEY },
      { key: FULL_KEY, name: FULL.name, parent: undefined },
    ]);
  });

  it('on the destination has the keys as they are', () => {
    const status = parse({ daily: { [`${FULL_KEY}.gpg`]: FULL } });
    expect(MYSQL.copies(status)).toMatchObject([{ key: `${FULL_KEY}.gpg`, name: `${FULL.name}.gpg` }]);
  });
});

describe('the independent reader', () => {
  const refused = (change: (entry: Record<string, unknown>) => StatusContent) =>
    encodeEnvelope(content({ daily: { [FULL_KEY]: change({ ...FULL }) } }));

  it('reads the example of the contract, with and without the envelope', () => {
    const inner = content({ daily: { [FULL_KEY]: FULL } });
    expect(readMysqlStatus(encodeEnvelope(inner))).toHaveLength(1);
    expect(readMysqlStatus(base64(JSON.stringify(inner)))).toHaveLength(1);
  });

  it.each([
    ['a run type missing', encodeEnvelope({ hourly: {}, daily: {}, weekly: {}, monthly: {} })],
    ['a wrong md5', encodeEnvelope(content({})).replace(/"md5":"./, '"md5":"x')],
    ['type missing', refused((entry) => ({ ...entry, type: undefined }))],
    ['lsn missing', refused((entry) => ({ ...entry, lsn: undefined }))],
    ['lsn null', refused((entry) => ({ ...entry, lsn: null }))],
    ['backup_started null', refused((entry) => ({ ...entry, backup_started: null }))],
    ['backup_finished null', refused((entry) => ({ ...entry, backup_finished: null }))],
    ['config missing', refused((entry) => ({ ...entry, config: undefined }))],
    ['config null', refused((entry) => ({ ...entry, config: null }))],
    ['config binary', refused((entry) => ({ ...entry, config: [{ x: base64(Buffer.from([255])) }] }))],
    ['server_vendor null', refused((entry) => ({ ...entry, server_vendor: null }))],
    ['server_vendor unknown', refused((entry) => ({ ...entry, server_vendor: 'ibm' }))],
  ])('refuses a status with %s', (_what, text) => {
    expect(() => readMysqlStatus(text)).toThrow('The Python tool would not read this');
  });
});
