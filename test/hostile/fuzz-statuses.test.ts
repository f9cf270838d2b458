import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { ls } from '../../src/commands/ls.ts';
import { status } from '../../src/commands/status.ts';
import { MEDIA } from '../../src/copies/key.ts';
import type { Destination, ObjectInfo } from '../../src/destinations/destination.ts';
import { runBackup } from '../../src/jobs/backup/run-backup.ts';
import { checkCopies } from '../../src/jobs/check/check-copies.ts';
import type { JobContext } from '../../src/jobs/job-context.ts';
import { restoreBinlogs } from '../../src/jobs/restore/restore-binlog.ts';
import { restoreFile } from '../../src/jobs/restore/restore-file.ts';
import { restoreMysql } from '../../src/jobs/restore/restore-mysql.ts';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { expectTyped, fuzz, makePrey, mutated, type Prey } from './fuzz.ts';

// Statuses and listings that somebody has changed at random, given to every command that reads them.

let prey: Prey;
beforeAll(() => {
  prey = makePrey();
});
afterAll(() => prey[Symbol.dispose]());

const TIMEOUT = 30 * 60_000;
const KEYS = {
  files: 'db1/daily/files/_srv-2026-01-01_00_00_01.tar.gz',
  mysql: 'db1/daily/mysql/mysql-2026-01-01_00_00_01.xbstream.gz',
  child: 'db1/hourly/mysql/mysql-2026-01-01_01_00_01.xbstream.gz',
  binlog: 'db1/binlog/mysql-bin.000001.gz',
};

/** What is said to be a number, a text, a list, and is not, or hardly. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    '../../canary',
    '/etc/passwd',
    'x\ny',
    [],
    {},
    [[]],
    { a: {} },
    '__proto__',
  ),
  fc.constantFrom(0, -1, 0.5, 1e300, Number.MAX_SAFE_INTEGER, 253_402_300_800, 8_640_000_000_001),
  fc.constantFrom(...Object.values(KEYS)),
  fc.string(),
);

/** The attributes of a copy, each of which may be missing or odd. */
const attributes = (known: Readonly<Record<string, unknown>>) =>
  fc.record(
    Object.fromEntries(
      Object.entries(known).map(([name, value]) => [
        name,
        fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: odd }),
      ]),
    ),
    { requiredKeys: [] },
  );

const file = attributes({
  host: 'db1',
  name: '_srv-2026-01-01_00_00_01.tar.gz',
  source_path: '/srv',
  backup_started: 1_767_225_601,
  backup_finished: 1_767_225_602,
  size: 8,
  sha256: 'a'.repeat(64),
  unpacked_size: 7,
  chain: ['.gz'],
});
const mysql = attributes({
  type: 'full',
  parent: KEYS.mysql,
  lsn: 100,
  binlog: 'mysql-bin.000001',
  position: 4,
  gtid: '0-1-1',
  backup_started: 1_767_225_601,
  backup_finished: 1_767_225_602,
  config: [{ '/etc/my.cnf': 'W215c3FsZF0=' }],
  galera: true,
  server_vendor: 'mariadb',
  server_version: '10.11.6',
  server_identity: '1',
  size: 8,
  sha256: 'a'.repeat(64),
  chain: ['.gz'],
});
const binlog = attributes({
  time_created: 1_767_225_601,
  created_at: 1,
  binlog: 'mysql-bin.000001',
  server_identity: '1',
  gap_after: '',
  size: 8,
  sha256: 'a'.repeat(64),
});

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Object.values(KEYS)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '..', '/etc/passwd', '__proto__', 'db1/../../canary', 'db1/a\0b'),
  },
  { weight: 1, arbitrary: fc.string().map((name) => `db1/daily/files/${name}`) },
);
const section = (copy: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: fc.dictionary(key, copy, { maxKeys: 4 }) }, { weight: 1, arbitrary: odd });
const periodic = (copy: fc.Arbitrary<unknown>) =>
  fc.record({ hourly: section(copy), daily: section(copy), odd }, { requiredKeys: [] });
const extra = fc.record(
  { deletions: fc.oneof(fc.array(key), odd), told: fc.oneof(fc.dictionary(fc.string(), odd), odd) },
  { requiredKeys: [] },
);

/** A status file in its envelope: of the right form but for what is odd, or changed at random. */
const stored = (content: fc.Arbitrary<unknown>) =>
  fc.tuple(content, extra).chain(([value, more]) => {
    const text = Buffer.from(
      encodeEnvelope(value as Record<string, unknown>, more as Record<string, unknown>),
    );
    return fc.oneof({ weight: 9, arbitrary: fc.constant(text) }, { weight: 1, arbitrary: mutated(text) });
  });

const statuses = fc.record({
  'files-status': stored(periodic(file)),
  'files-status.copy': stored(periodic(file)),
  status: stored(periodic(mysql)),
  'status.copy': stored(periodic(mysql)),
  'binlog-status': stored(fc.dictionary(key, binlog, { maxKeys: 4 })),
});

/** Every command that looks at a destination. */
async function lookAt(context: JobContext): Promise<void> {
  const command = { ...context, interactive: true, print: () => undefined };
  await ls(undefined, { long: true }, command);
  await ls(undefined, { json: true }, command);
  await checkCopies(
    { media: undefined, host: undefined, wanted: [] },
    { read: 'all' as const, underLock: undefined },
    ({ problem }) => {
      if (problem !== undefined) expectTyped(problem);
    },
    context,
  );
}

it('a status', { timeout: TIMEOUT }, async () => {
  await fuzz(15, statuses, async (files) => {
    prey.reset();
    for (const each of Object.values(KEYS)) prey.plant(each, 'no gzip');
    for (const [name, text] of Object.entries(files)) prey.plant(`db1/${name}`, text);
    await prey.run(lookAt);
    for (const type of MEDIA)
      await prey.run((context) =>
        status({ type }, { ...context, interactive: true, print: () => undefined }),
      );
    await prey.run((context) => restoreFile(KEYS.files, { dst: prey.dst }, context));
    await prey.run((context) => restoreMysql(KEYS.child, { dst: prey.dst, cache: undefined }, context));
    await prey.run((context) => restoreBinlogs([KEYS.binlog], prey.dst, context));
    const lock = { path: join(prey.sandbox.dir, 'lock') };
    await prey.run((context) => runBackup('daily', { lock }, context), 'repository');
  });
});

const object: fc.Arbitrary<ObjectInfo> = fc.record({
  key: fc.oneof(
    key,
    fc.string(),
    fc.array(fc.string(), { maxLength: 6 }).map((parts) => parts.join('/')),
  ),
  size: fc.constantFrom(0, 7, 2 ** 53, 1e300),
  modified: fc.date({ noInvalidDate: true }),
});

it('a listing', { timeout: TIMEOUT }, async () => {
  await fuzz(50, fc.array(object, { maxLength: 20 }), async (objects) => {
    prey.reset();
    const lying = (real: Destination): Destination => ({
      ...real,
      list: async function* list(prefix) {
        yield* objects.filter((each) => each.key.startsWith(prefix));
      },
    });
    await prey.run((context) => lookAt({ ...context, destination: lying(context.destination) }));
    for (const name of ['mysql-bin.000001', '_srv-2026-01-01_00_00_01.tar.gz'])
      await prey.run((context) =>
        restoreFile(name, { dst: prey.dst }, { ...context, destination: lying(context.destination) }),
      );
  });
});
