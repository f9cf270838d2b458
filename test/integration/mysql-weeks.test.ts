import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunType } from '../../src/copies/run-type.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { createChangingData } from '../fixtures/changing-data.ts';
import { configureMysql, listedBinlogs, listedMysql, statusOf } from '../fixtures/mysql-run.ts';
import { replayBinlogs } from '../fixtures/replay-binlogs.ts';
import { backUpHere, listHere, restoreHere } from '../fixtures/run-in-process.ts';
import { type CronRun, planRuns, setServerTime } from '../fixtures/simulated-time.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables, type TableDigest } from '../lab/rows.ts';

/** With TWINDB_WEEKS=all, as `make test-matrix` has it, there is a run each hour; else it takes too long. */
const isWhole = process.env['TWINDB_WEEKS'] === 'all';
/** Hours between two hourly runs. */
const PACE = isWhole ? 1 : 4;
const DAYS = 14;
/** A Friday; when summer time ends, in the second week, the hour from 2 to 3 comes twice. */
const START = { year: 2026, month: 9, day: 16, zone: 'Europe/Berlin' };

const KEPT: Partial<Record<RunType, number>> = { hourly: isWhole ? 24 : 12, daily: 7, weekly: 4 };
const KEPT_HERE: Partial<Record<RunType, number>> = { hourly: 3, daily: 2, weekly: 1 };
const EXPIRE_LOG_DAYS = 7;
const DAY_S = 86_400;

/** An operator changes his mind, and each copy has to be restorable all the same. */
const fullBackupOn = (day: number): RunType =>
  day < 7 ? 'daily' : day < 9 ? 'weekly' : day < 10 ? 'hourly' : 'daily';

interface Made {
  readonly key: string;
  readonly runType: RunType;
  readonly parent: unknown;
  /** What the tables held when the copy was taken. */
  readonly rows: readonly TableDigest[];
}

let server: MariadbServer;
let sandbox: Sandbox;
const zone = process.env['TZ'];
beforeEach(async () => {
  process.env['TZ'] = START.zone;
  sandbox = createSandbox();
  // A tiny server: its files are what a run copies.
  server = await startMariadb({ lines: ['innodb_log_file_size = 4M', 'innodb_buffer_pool_size = 16M'] });
});
afterEach(async () => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

const configure = (fullBackup: RunType) =>
  configureMysql(
    sandbox,
    { defaultsFile: server.backupDefaultsFile },
    {
      destination: { keep_local_path: join(sandbox.dir, 'kept') },
      compression: { program: 'zstd', level: 1 },
      mysql: { full_backup: fullBackup },
      retention: countsOf(KEPT),
      retention_local: countsOf(KEPT_HERE),
    },
  );

const countsOf = (counts: Partial<Record<RunType, number>>) =>
  Object.fromEntries(Object.entries(counts).map(([runType, count]) => [`${runType}_copies`, count]));

/** Runs what cron would; returns the copy that was made. */
async function run({ at, runType }: CronRun, known: ReadonlySet<string>): Promise<Made> {
  const rows = await digestTables(server);
  await setServerTime(server, at);
  let clock = at;
  const now = () => {
    clock += 1000;
    return new Date(clock);
  };
  const { returned, complaints } = await backUpHere(sandbox, runType, { now });
  expect([new Date(at).toISOString(), returned, complaints]).toEqual([expect.anything(), true, []]);
  const [made, ...others] = listedMysql(sandbox).filter(({ key }) => !known.has(key));
  if (made === undefined || others.length > 0) throw new Error(`${others.length} more copies than one`);
  return { ...made, runType, rows };
}

/** The newest of each run type, and what they continue: said once more, without the code that decides it. */
function expectedKeys(made: readonly Made[], counts: Partial<Record<RunType, number>>): string[] {
  const newest = Object.entries(counts).flatMap(([runType, count]) =>
    made.filter((copy) => copy.runType === runType).slice(-count),
  );
  const parents = newest.flatMap(({ parent }) => (typeof parent === 'string' ? [parent] : []));
  return [...new Set([...newest.map(({ key }) => key), ...parents])];
}

it(
  'two weeks of hourly, daily and weekly runs leave copies that all come back as the server was at their time',
  async () => {
    const made: Made[] = [];
    const start = new Date(START.year, START.month, START.day);
    const data = await createChangingData(server, start.getTime());
    const runs = planRuns(start, { days: DAYS, pace: PACE });
    for (const [index, each] of runs.entries()) {
      configure(fullBackupOn(Math.floor((each.at - start.getTime()) / 1000 / DAY_S)));
      await data.change(index + 1, each.at);
      made.push(await run(each, new Set(made.map(({ key }) => key))));
    }
    await data.end();

    const places = { kept: KEPT_HERE, repository: KEPT };
    const expected = Object.entries(places).flatMap(([place, counts]) =>
      expectedKeys(made, counts).map((key) => join(sandbox.dir, place, key)),
    );
    const copies = await listHere(sandbox, 'mysql');
    expect(copies.toSorted()).toEqual(expected.toSorted());

    for (const copy of copies) await expectRows(copy, made);
    await expectLogs(runs.at(-1)?.at ?? 0);
  },
  isWhole ? 7_200_000 : 1_800_000,
);

/** Restores a copy from where it lies, and from nowhere else. */
async function expectRows(copy: string, made: readonly Made[]): Promise<void> {
  const isHere = copy.startsWith(join(sandbox.dir, 'kept'));
  const dst = join(sandbox.dir, 'restored');
  const { complaints } = await restoreHere(sandbox, { copy, dst }, isHere ? {} : { local: undefined });
  await using restored = await startOn(dst);
  const rows = made.find(({ key }) => copy.endsWith(key))?.rows;
  expect([copy, complaints, await digestTables(restored)]).toEqual([copy, [], rows]);
  await restored.kill();
  rmSync(dst, { recursive: true });
}

/** Those of the last days are there, in both places, whole, and lead from the oldest copy that they reach to the end. */
async function expectLogs(end: number): Promise<void> {
  const all = readdirSync(server.binlogDir)
    .filter((name) => /\.\d+$/.test(name))
    .toSorted();
  const onServer = all.slice(0, -1);
  const original = (name: string) => readFileSync(join(server.binlogDir, name));
  // A log ends when the next one is begun.
  const expected = onServer.filter(
    (_name, index) => binlogTime(original(all[index + 1] ?? '')) > end / 1000 - EXPIRE_LOG_DAYS * DAY_S,
  );
  expect(expected.length).toBeLessThan(onServer.length);
  for (const place of ['repository', 'kept'])
    expect([...listedBinlogs(sandbox, place).keys()].map((key) => basename(key))).toEqual(expected);

  const logs = join(sandbox.dir, 'logs');
  const { exitCode, stderr } = await sandbox.run('restore', 'binlog', ...expected, '--dst', logs);
  expect([exitCode, stderr]).toEqual([0, '']);
  for (const name of expected) expect(readFileSync(join(logs, name)).equals(original(name))).toBe(true);

  const copies = listedMysql(sandbox).map(({ key }) => ({ key, ...positionOf(key) }));
  const [oldest] = copies
    .filter(({ binlog }) => expected.includes(binlog))
    .toSorted((a, b) => (a.binlog < b.binlog ? -1 : 1));
  if (oldest === undefined) throw new Error('No copy is as young as the logs');
  const dst = join(sandbox.dir, 'replayed');
  await restoreHere(sandbox, { copy: oldest.key, dst });
  await using restored = await startOn(dst, { lines: ['skip_grant_tables'] });
  const following = expected.filter((name) => name >= oldest.binlog).map((name) => join(logs, name));
  replayBinlogs(restored, following, oldest.position);
  expect(await digestTables(restored)).toEqual(await digestTables(server));
}

/** The first event of a log begins behind 4 bytes of magic, with its time. */
const binlogTime = (log: Buffer): number => log.readUInt32LE(4);

const positionOf = (key: string) => statusOf(sandbox, key) as { binlog: string; position: number };
