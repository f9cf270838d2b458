import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBinlogStatus, readMysqlStatus } from '../../test/fixtures/independent-status-reader.ts';
import type { Destination } from '../destinations/destination.ts';
import { openLocal } from '../destinations/local/driver.ts';
import { BINLOG_STATUS } from '../kinds/binlog.ts';
import { LOCAL_MYSQL_STATUS, MYSQL_STATUS } from '../kinds/mysql.ts';
import { createLog } from '../log.ts';
import { encodeEnvelope, type StatusContent } from './envelope.ts';
import { entriesOf } from './layout.ts';
import type { StatusFormat } from './status-format.ts';
import { openStatusStore } from './status-store.ts';

const { signal } = new AbortController();
const messages: string[] = [];
const log = createLog('debug', (level, message) => messages.push(`${level} ${message}`));

let folder: string;
let destination: Destination;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'status-'));
  await mkdir(join(folder, 'db1'));
  destination = openLocal({ kind: 'local', backupDir: folder }, log);
  messages.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

function open(format: StatusFormat) {
  return openStatusStore(destination, 'db1', format, { log, signal });
}

const fileOf = (name: string) => join(folder, 'db1', name);

const MYSQL_KEY = 'db1/daily/mysql/mysql-1.xbstream.gz';
const OTHER_KEY = 'db1/daily/mysql/mysql-2.xbstream.gz';
const ENTRY = { type: 'full', lsn: 1, backup_started: 1, backup_finished: 2, config: [], colour: 'red' };

function mysqlContent(daily: StatusContent): StatusContent {
  return { hourly: {}, daily, weekly: {}, monthly: {}, yearly: {} };
}

/** What the store of each format is tried with: two copies, their objects, and one of them as the Python tool leaves it. */
const FORMATS = [
  {
    format: MYSQL_STATUS,
    object: MYSQL_KEY,
    both: mysqlContent({
      [MYSQL_KEY]: { ...ENTRY, sha256: 'ab' },
      [OTHER_KEY]: { ...ENTRY, sha256: 'cd' },
    }),
    asPython: mysqlContent({ [MYSQL_KEY]: ENTRY }),
    restored: mysqlContent({ [MYSQL_KEY]: { ...ENTRY, sha256: 'ab' } }),
    otherObject: OTHER_KEY,
    keysOf: (text: string) => readMysqlStatus(text).map(({ key }) => key),
  },
  {
    format: BINLOG_STATUS,
    object: 'db1/binlog/b.2.gz',
    both: {
      'db1/binlog/b.1': { time_created: 1, sha256: 'ab' },
      'db1/binlog/b.2': { time_created: 2, sha256: 'cd' },
    },
    asPython: { 'db1/binlog/b.2': { time_created: 2 } },
    restored: { 'db1/binlog/b.2': { time_created: 2, sha256: 'cd' } },
    otherObject: 'db1/binlog/b.1.gz',
    keysOf: (text: string) => readBinlogStatus(text).map(([key]) => key),
  },
];

describe.each(FORMATS)('the store of $format.name', (sample) => {
  const { format, both, keysOf } = sample;
  const store = () => open(format);
  const value = (content: StatusContent) => format.parse(content);
  const stored = async (deletions: string[] = []) =>
    store().change(() => ({ status: value(both), deletions }));
  const primary = () => fileOf(format.name);

  it('takes an absent file for an empty status, without a word', async () => {
    expect(await store().read()).toEqual({ status: format.empty, deletions: [] });
    expect(messages).toEqual([]);
  });

  it('gives back what it was given, and the Python tool can read both files', async () => {
    await stored(['db1/gone']);
    expect(await store().read()).toEqual({ status: both, deletions: ['db1/gone'] });
    for (const file of [primary(), `${primary()}.copy`]) {
      expect(keysOf(await readFile(file, 'utf8'))).toHaveLength(2);
    }
  });

  it('lets what the Python tool wrote win, and restores our attributes of the copies it left', async () => {
    await stored();
    await writeFile(primary(), encodeEnvelope(sample.asPython));
    expect(await store().read()).toEqual({ status: sample.restored, deletions: [] });
    expect(messages).toEqual([]);
  });

  it('reads the older form without an envelope', async () => {
    await writeFile(primary(), Buffer.from(JSON.stringify(sample.asPython)).toString('base64'));
    expect(await store().read()).toEqual({ status: sample.asPython, deletions: [] });
  });

  it('does not delete an object whose copy the status lists again', async () => {
    await stored([sample.object, 'db1/gone']);
    expect((await store().read()).deletions).toEqual(['db1/gone']);
  });

  it('deletes an object that the status no longer lists', async () => {
    await stored();
    await store().change(() => ({ status: value(sample.asPython), deletions: [sample.otherObject] }));
    expect((await store().read()).deletions).toEqual([sample.otherObject]);
  });

  it.each([
    ['damaged', () => writeFile(primary(), '{"md5": "x", "status": "e30="}')],
    ['missing', () => rm(primary())],
  ])('uses the second copy when the first one is %s, and says so', async (problem, damage) => {
    await stored();
    await damage();
    expect((await store().read()).status).toEqual(both);
    expect(messages).toEqual([expect.stringMatching(`^warn .*${format.name} is ${problem}.*second copy`)]);
  });

  it('does without a damaged second copy', async () => {
    await stored();
    await writeFile(`${primary()}.copy`, 'x');
    expect((await store().read()).status).toEqual(both);
  });

  it('throws when both are damaged', async () => {
    await writeFile(primary(), '{}');
    await writeFile(`${primary()}.copy`, '{}');
    await expect(store().read()).rejects.toThrow(/^Neither the status .* nor its second copy/);
  });
});

describe('the store of a status below keep_local_path', () => {
  it('finds our attributes again after the Python tool put its remote status there', async () => {
    const store = open(LOCAL_MYSQL_STATUS);
    const ours = mysqlContent({ [MYSQL_KEY]: { ...ENTRY, sha256: 'ab' } });
    await store.change(() => ({ status: LOCAL_MYSQL_STATUS.parse(ours), deletions: [] }));
    const verbatim = mysqlContent({ [`${MYSQL_KEY}.gpg`]: ENTRY, [`${OTHER_KEY}.gpg`]: ENTRY });
    await writeFile(fileOf('status'), encodeEnvelope(verbatim));
    const { status } = await store.read();
    expect(entriesOf(status)).toEqual([
      [MYSQL_KEY, { ...ENTRY, sha256: 'ab' }],
      [OTHER_KEY, ENTRY],
    ]);
  });

  it('does not say of a later copy what it knew of an earlier one with the same name', async () => {
    const store = open(MYSQL_STATUS);
    const ours = mysqlContent({ [MYSQL_KEY]: { ...ENTRY, sha256: 'ab' } });
    await store.change(() => ({ status: MYSQL_STATUS.parse(ours), deletions: [] }));
    const later = mysqlContent({ [MYSQL_KEY]: { ...ENTRY, backup_started: 3600 } });
    await writeFile(fileOf('status'), encodeEnvelope(later));
    expect((await store.read()).status).toEqual(later);
  });
});
