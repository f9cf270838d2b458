import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue } from '../../src/catalogue/catalogue.ts';
import type { BinlogContents } from '../../src/copies/binlog-contents.ts';
import { describeError } from '../../src/errors.ts';
import { parseKeys } from '../../src/integrity/keyring.ts';
import { findStop } from '../../src/jobs/recover/find-stop.ts';
import { planRecovery } from '../../src/jobs/recover/plan-recovery.ts';
import { recordContents } from '../../src/jobs/recover/record-contents.ts';
import type { RecoveryPlan, StopPoint } from '../../src/jobs/recover/recovery-plan.ts';
import { BINLOG_STATUS } from '../../src/kinds/binlog.ts';
import type { RecoveryTarget } from '../../src/mysql/binlog/recovery-target.ts';
import { signEntry } from '../../src/status/sign-entry.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { forgeStatus } from '../fixtures/forge.ts';
import { LAB_KEYRING } from '../fixtures/lab-key.ts';
import { binlogEntries, configureMysql, listedMysql } from '../fixtures/mysql-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let server: MariadbServer;
let sandbox: Sandbox;

/** Where the server was, as it says itself. */
interface Mark {
  readonly binlog: string;
  readonly position: number;
  readonly gtid: string;
  /** Whole seconds since the epoch. */
  readonly second: number;
}

async function mark(): Promise<Mark> {
  const [status] = await server.sql<{ File: string; Position: number }>('SHOW MASTER STATUS');
  const [at] = await server.sql<{ gtid: string; second: number }>(
    'SELECT @@gtid_binlog_pos gtid, UNIX_TIMESTAMP() second',
  );
  if (status === undefined || at === undefined) throw new Error('The server does not log');
  return { binlog: status.File, position: status.Position, gtid: at.gtid, second: at.second };
}

const insert = async (...sessionSettings: readonly string[]): Promise<Mark> => {
  const connection = await server.connect();
  try {
    for (const setting of sessionSettings) await connection.query(setting);
    await connection.query("INSERT INTO d.t (v) VALUES ('x')");
  } finally {
    await connection.end();
  }
  return await mark();
};

const backUp = async (...words: readonly string[]): Promise<void> => {
  const { exitCode, stderr } = await sandbox.run(
    'backup',
    '--lock-file',
    join(sandbox.dir, 'lock'),
    ...words,
  );
  if (exitCode !== 0) throw new Error(stderr);
};

const nextSecond = () => sleep(1100);

/** What happened, in its order. */
const truth = {} as Record<
  | 'first'
  | 'endOfFirstLog'
  | 'inSecondLog'
  | 'middle'
  | 'past'
  | 'future'
  | 'beforeBusy'
  | 'busyEnd'
  | 'bigStart'
  | 'bigEnd'
  | 'endOfEra'
  | 'young'
  | 'tail',
  Mark
>;

beforeAll(async () => {
  server = await startMariadb();
  sandbox = createSandbox();
  configureMysql(sandbox, server, { retention: { daily_copies: 9, hourly_copies: 9 } });
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)');
  await backUp('daily');
  await nextSecond();
  truth.first = await insert();
  await nextSecond();
  truth.endOfFirstLog = await insert();
  await nextSecond();
  await backUp('--binlogs-only', 'hourly');
  await nextSecond();
  truth.inSecondLog = await insert();
  await nextSecond();
  truth.middle = await insert();
  await nextSecond();
  truth.past = await insert('SET TIMESTAMP=1000000000');
  truth.future = await insert('SET TIMESTAMP=1999999999');
  await nextSecond();
  truth.beforeBusy = await mark();
  for (let count = 0; count < 30; count += 1) await insert();
  truth.busyEnd = await mark();
  await nextSecond();
  truth.bigStart = await mark();
  const connection = await server.connect();
  await connection.query('START TRANSACTION');
  for (let count = 0; count < 20; count += 1)
    await connection.query("INSERT INTO d.t (v) VALUES (REPEAT('y', 5000))");
  await connection.query('COMMIT');
  await connection.end();
  truth.bigEnd = await mark();
  await server.sql('CREATE TABLE d.ddl (id INT)');
  truth.endOfEra = await mark();
  await backUp('hourly');
  await nextSecond();
  await backUp('--binlogs-only', 'hourly');
  await nextSecond();
  await server.resetBinlogs();
  await nextSecond();
  await backUp('daily');
  await nextSecond();
  truth.young = await insert();
  await backUp('--binlogs-only', 'hourly');
  truth.tail = await insert();
}, 180_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

interface Found {
  readonly plan: RecoveryPlan;
  readonly stop: StopPoint;
}

interface Options {
  readonly copy?: string;
  readonly moreLogs?: string;
}

async function find(target: RecoveryTarget, { copy = 'latest', moreLogs }: Options = {}): Promise<Found> {
  const { returned } = await runJob(sandbox, {}, async (context) => {
    const options = { host: hostname(), moreLogs, onlyStatuses: false };
    const plan = await planRecovery(copy, target, options, openCatalogue(context), context);
    return { plan, stop: await findStop(plan, context) };
  });
  return returned;
}

/** What an operator reads when a target cannot be reached. */
async function refused(target: RecoveryTarget, options: Options = {}): Promise<string> {
  const error: unknown = await find(target, options).then(
    ({ stop }) => {
      throw new Error(`It was found: ${JSON.stringify(stop.lastIncluded)}`);
    },
    (failure: unknown) => failure,
  );
  return describeError(error);
}

const atTime = (second: number): RecoveryTarget => ({
  kind: 'time',
  at: second * 1_000_000,
  assumedZone: undefined,
});
const atGtid = ({ gtid }: Mark): RecoveryTarget => ({ kind: 'gtid', gtid });
const atPosition = ({ binlog, position }: Mark): RecoveryTarget => ({ kind: 'position', binlog, position });

/** A stop right behind what the server said. */
const behind = ({ binlog, position, gtid }: Mark) => ({
  stop: {
    lastIncluded: expect.objectContaining({ gtid, binlog, position }) as object,
    gtidState: gtid,
    foreignTimes: 0,
  },
});

/** The copies in the order in which they were made: a full one, an incremental one, and a full one after RESET MASTER. */
const copies = (): readonly [string, string, string] => {
  const [full, incremental, young] = listedMysql(sandbox)
    .map(({ key }) => key)
    .toSorted((a, b) => (timeIn(a) < timeIn(b) ? -1 : 1));
  return [full ?? '', incremental ?? '', young ?? ''];
};

const timeIn = (key: string): string => /mysql-([-_\d]+)\./.exec(key)?.[1] ?? '';

describe('a target in the logs of a real server', () => {
  it('is found by position, GTID and time, whichever log it is in', async () => {
    const [copy] = copies();
    for (const each of [truth.first, truth.endOfFirstLog, truth.inSecondLog] as const) {
      for (const target of [atPosition(each), atGtid(each), atTime(each.second + 1)])
        expect(await find(target, { copy })).toMatchObject(behind(each));
    }
    // Without the name of a copy too, but for what may mean something else after RESET MASTER.
    expect(await find(atTime(truth.inSecondLog.second + 1))).toMatchObject(behind(truth.inSecondLog));
    expect(await find(atPosition(truth.inSecondLog), { copy })).toMatchObject(behind(truth.inSecondLog));
  });

  it('takes the newest copy before it, with the position of an incremental one', async () => {
    const [full, incremental, young] = copies();
    const taken = async (second: number) => (await find(atTime(second))).plan.copy.key;
    expect(await taken(truth.busyEnd.second + 1)).toBe(full);
    expect((await find({ kind: 'latest' })).plan.copy.key).toBe(young);
    const { plan } = await find(atPosition(truth.endOfEra), { copy: incremental });
    expect(plan).toMatchObject({ needed: 0, copy: { type: 'incremental' } });
  });

  it('includes a second with many transactions completely, or not at all', async () => {
    const before = await find(atTime(truth.beforeBusy.second));
    expect(before.stop.lastIncluded).toMatchObject({ gtid: truth.future.gtid });
    expect(await find(atTime(truth.busyEnd.second + 1))).toMatchObject({
      stop: { lastIncluded: { gtid: truth.busyEnd.gtid, position: truth.busyEnd.position } },
    });
  });

  it('passes over times that a session has SET, counts them, and the order decides', async () => {
    const { stop } = await find(atTime(truth.beforeBusy.second));
    expect(stop).toMatchObject({ lastIncluded: { gtid: truth.future.gtid }, foreignTimes: 2 });
    expect(stop.firstLeftOut?.binlog).toBe(truth.beforeBusy.binlog);
  });

  it('inside a transaction is refused with its two ends', async () => {
    const { binlog } = truth.bigStart;
    const inside = { kind: 'position', binlog, position: truth.bigStart.position + 500 } as const;
    const message = await refused(inside, { copy: copies()[0] });
    expect(message).toContain(`inside the transaction ${truth.bigEnd.gtid}`);
    expect(message).toContain(
      `${binlog}:${truth.bigStart.position}, which leaves it out, and ${binlog}:${truth.bigEnd.position}`,
    );
  });

  it('after a statement that no COMMIT ends is found', async () => {
    const [copy] = copies();
    expect(await find(atPosition(truth.endOfEra), { copy })).toMatchObject(behind(truth.endOfEra));
  });

  it('exactly at the end of a copy replays nothing', async () => {
    const [, copy] = copies();
    const { gtid } = truth.endOfEra;
    for (const target of [atPosition(truth.endOfEra), atGtid(truth.endOfEra)]) {
      const { stop } = await find(target, { copy });
      expect(stop).toMatchObject({ logs: [], transactions: 0, gtidState: gtid });
    }
  });

  it('before the oldest copy is refused, with the earliest that can be reached', async () => {
    const [full] = copies();
    const message = await refused(atTime(truth.first.second - 3600));
    expect(message).toContain(`the oldest copy that can be used, ${full}, was finished after that`);
    expect(message).toContain('The earliest that can be reached is the end of that copy');
  });

  it('after the last log is refused, and reached with what the server has left', async () => {
    // The number was given before RESET MASTER as well.
    expect(await refused(atGtid(truth.tail))).toContain('If that is what you mean, name the copy');
    expect(await refused(atTime(truth.tail.second + 3600))).toContain('The latest that can be reached');
    const found = await find(atGtid(truth.tail), { moreLogs: server.binlogDir });
    expect(found).toMatchObject(behind(truth.tail));
    expect(found.plan.logs.map(({ source }) => source.kind)).toContain('file');
    // What was copied is taken from the copy: nothing is replayed twice.
    expect(new Set(found.plan.logs.map(({ binlog }) => binlog)).size).toBe(found.plan.logs.length);
  });

  it('in the second in which the last log was closed is refused but for its beginning: the next log has the rest', async () => {
    const { plan } = await find({ kind: 'latest' });
    const closed = plan.logs.at(-1)?.contents?.closedTime ?? 0;
    expect(closed).toBeGreaterThan(truth.young.second - 1);
    expect((await find(atTime(closed))).stop.firstLeftOut).toBeUndefined();
    expect(await refused(atTime(closed + 0.5))).toContain('The latest that can be reached is the end of');
  });

  it('in a log that was cut off ends behind the last complete transaction', async () => {
    const folder = join(sandbox.dir, 'left');
    const { binlog, position } = truth.tail;
    mkdirSync(folder);
    const bytes = readFileSync(join(server.binlogDir, binlog));
    expect(await find({ kind: 'latest' }, { moreLogs: server.binlogDir })).toMatchObject(behind(truth.tail));
    writeFileSync(join(folder, binlog), bytes.subarray(0, position - 7));
    const { stop } = await find({ kind: 'latest' }, { moreLogs: folder });
    expect(stop.torn?.binlog).toBe(binlog);
    expect(stop.stopPosition).toBe(position - 7 - (stop.torn?.bytes ?? 0));
    expect(stop.firstLeftOut).toMatchObject({ gtid: truth.tail.gtid, position: stop.stopPosition });
    const inside = { kind: 'position', binlog, position: position - 20 } as const;
    expect(await refused(inside, { moreLogs: folder })).toContain(
      `The last position that can be reached is ${binlog}:${stop.stopPosition}`,
    );
  });

  it('does not go on in the logs after RESET MASTER from a copy before it', async () => {
    const [old] = copies();
    const message = await refused(atTime(truth.young.second + 1), { copy: old });
    expect(message).toContain('began its logs again');
    expect(message).toContain('is the next copy');
  });

  it('is planned by the statuses alone, and nothing is done', async () => {
    const text = await sandbox.run('restore', 'mysql', 'latest', '--to-latest', '--plan');
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(/^Base: .*\/daily\/mysql\//m);
    const json = await sandbox.run('restore', 'mysql', '--to-latest', '--plan', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ end: { gap: false }, target: { latest: true } });
  });

  it('in Tokyo names the zone that was assumed', async () => {
    const local = new Date((truth.inSecondLog.second + 1 + 9 * 3600) * 1000).toISOString().slice(0, 19);
    const { stdout } = await sandbox.start(['restore', 'mysql', 'latest', '--to-time', local, '--plan'], {
      TZ: 'Asia/Tokyo',
    }).result;
    expect(stdout).toContain('the time zone Asia/Tokyo was assumed');
    expect(stdout).toContain(new Date((truth.inSecondLog.second + 1) * 1000).toISOString().slice(0, 19));
  });
});

describe('logs of which the status does not say what is in them', () => {
  const NAMES = ['server_id', 'first_time', 'last_time', 'gtid_start', 'gtid_end', 'next_binlog'];
  const MORE = ['ended_cleanly', 'closed_time', 'transactions'];
  const keyFile = () => join(sandbox.dir, 'integrity.key');
  const keyring = () => ({
    file: keyFile(),
    ...parseKeys(readFileSync(keyFile(), 'utf8'), keyFile()),
    problem: undefined,
  });
  const forget = (sign: (key: string, attributes: Record<string, unknown>) => Record<string, unknown>) =>
    forgeStatus(sandbox, 'binlog-status', (entry, key) => {
      const kept = Object.entries(entry).filter(([name]) => ![...NAMES, ...MORE, 'mac'].includes(name));
      return sign(key, Object.fromEntries(kept));
    });

  it('are read once where they are needed, and their entries are completed and signed as before', async () => {
    const before = binlogEntries(sandbox);
    forget((key, attributes) => signEntry(BINLOG_STATUS, key, attributes, keyring()));
    const [copy] = copies();
    expect(await find(atGtid(truth.inSecondLog), { copy })).toMatchObject(behind(truth.inSecondLog));
    expect(binlogEntries(sandbox)).toEqual(before);
  });

  it('are read only as far as a time needs them, and not at all for a plan', async () => {
    forget((key, attributes) => signEntry(BINLOG_STATUS, key, attributes, keyring()));
    const forgotten = binlogEntries(sandbox);
    const [copy] = copies();
    const words = ['restore', 'mysql', copy, '--to-latest', '--plan'];
    expect((await sandbox.run(...words)).stdout).toContain('the status does not say what is in it');
    expect(binlogEntries(sandbox)).toEqual(forgotten);
    expect(await find(atTime(truth.endOfFirstLog.second + 1), { copy })).toMatchObject(
      behind(truth.endOfFirstLog),
    );
    const completed = Object.entries(binlogEntries(sandbox)).filter(([, entry]) => 'server_id' in entry);
    expect(completed.map(([key]) => key.split('/').at(-1))).toEqual(['mysql-bin.000001', truth.first.binlog]);
  });

  it('that were signed elsewhere are left as they are', async () => {
    const foreign = { ...LAB_KEYRING };
    forget((key, attributes) => signEntry(BINLOG_STATUS, key, attributes, foreign));
    const forgotten = binlogEntries(sandbox);
    await runJob(sandbox, {}, async (context) => {
      const contents = { serverId: 1 } as BinlogContents;
      const found = new Map(Object.keys(forgotten).map((key) => [key, contents]));
      await recordContents(found, hostname(), context);
    });
    expect(binlogEntries(sandbox)).toEqual(forgotten);
    forget((key, attributes) => signEntry(BINLOG_STATUS, key, attributes, keyring()));
  });
});

describe('a log that is missing', () => {
  it('ends what can be reached: which one, the end before it, the next copy', async () => {
    const [old] = copies();
    const missing = Object.keys(binlogEntries(sandbox)).find((key) => key.endsWith(truth.first.binlog));
    rmSync(join(sandbox.dir, 'repository', `${missing}.gz`));
    const message = await refused(atPosition(truth.endOfEra), { copy: old });
    expect(message).toContain(`there is a gap: ${truth.first.binlog} is missing among the copies`);
    expect(message).toContain('The latest that can be reached before that is the end of mysql-bin.000001');
    expect(message).toContain(`Behind the gap, ${copies()[1]} is the next copy`);
  });
});
