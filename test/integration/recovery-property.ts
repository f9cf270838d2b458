import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { recover } from '../../src/jobs/recover/recover-mysql.ts';
import type { RecoveryTarget } from '../../src/mysql/binlog/recovery-target.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { createDice, describeObjects, listXa, startLoad } from '../fixtures/recovery-load.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { isMysql, type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables, type TableDigest } from '../lab/rows.ts';
import { installXtrabackup } from '../stand-ins/install.ts';

/** A failure names its seed; this repeats it, as far as sessions that run at once can be repeated. */
const SEED = Number(process.env['TWINDB_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** What a server held at a moment at which no statement ran, by three names of that moment. */
interface Truth {
  readonly targets: readonly RecoveryTarget[];
  readonly rows: readonly TableDigest[];
  readonly objects: readonly unknown[];
  readonly xa: readonly unknown[];
}

/**
 * Writes all sorts of things, takes copies meanwhile, records what the server holds at many moments, and recovers some of them, by a target of a
 * random kind on a copy of a random age.
 */
export async function checkRecoveries(count: number): Promise<void> {
  process.stdout.write(`TWINDB_SEED=${SEED}\n`);
  const dice = createDice(SEED);
  using sandbox = createSandbox();
  // The private server runs as its own account.
  chmodSync(sandbox.dir, 0o711);
  await using server = await startMariadb({
    lines: [
      'server_id = 77',
      'max_allowed_packet = 64M',
      'log_bin_trust_function_creators = ON',
      ...(isMysql ? ['secure_file_priv = ""'] : []),
    ],
  });
  const programs = await programsFor(server, sandbox);
  const mysql = { full_backup: 'daily', ...programs };
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile }, { mysql });
  const truths = await writeAndRecord(server, sandbox, dice);
  for (let done = 0; done < count; done += 1) {
    const truth = dice.pick(truths);
    const target = dice.pick(truth.targets);
    await checkRecovery(truth, target, sandbox, `${done + 1} of ${count}, seed ${SEED}`);
  }
}

/** XtraBackup is in no Debian: its stand-in copies a server at rest, and no increments of what these sessions do. */
async function programsFor(server: MariadbServer, sandbox: Sandbox): Promise<Record<string, string>> {
  if (!isMysql) return {};
  const [row] = await server.sql<{ series: string }>("SELECT SUBSTRING_INDEX(@@version, '.', 2) AS series");
  return installXtrabackup(sandbox, row?.series ?? '').options;
}

async function writeAndRecord(
  server: MariadbServer,
  sandbox: Sandbox,
  dice: ReturnType<typeof createDice>,
): Promise<Truth[]> {
  await using load = await startLoad(server, dice);
  const truths: Truth[] = [];
  await load.run(5);
  const backUpMeanwhile = async (runType: string, ...options: string[]) => {
    const writing = load.run(15);
    if (isMysql) await writing;
    const [result] = await Promise.all([backUp(sandbox, runType, ...options), writing]);
    expect(result).toEqual(SILENT);
  };
  await backUpMeanwhile('daily');
  for (let round = 0; round < 8; round += 1) {
    await load.run(1 + dice.roll(12));
    truths.push(await record(server));
    if (round === 3) await backUpMeanwhile(isMysql ? 'daily' : 'hourly');
    if (round === 5) await server.sql('FLUSH BINARY LOGS');
  }
  await load.run(5);
  await server.sql('FLUSH BINARY LOGS');
  await load.run(5);
  const lock = ['--lock-file', join(sandbox.dir, 'lock')];
  expect(await sandbox.run('backup', ...lock, '--binlogs-only', 'hourly')).toEqual(SILENT);
  return truths;
}

/** No session runs a statement now; transactions may be open. */
async function record(server: MariadbServer): Promise<Truth> {
  const [status] = await server.sql<{ File: string; Position: number | string }>(
    isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
  );
  const gtid = await lastGtid(server);
  // A second of its own: what was written before was begun in an earlier one.
  await sleep(1000 - (Date.now() % 1000) + 20);
  const second = Math.floor(Date.now() / 1000);
  return {
    targets: [
      { kind: 'time', at: second * 1_000_000, assumedZone: undefined },
      { kind: 'gtid', gtid },
      { kind: 'position', binlog: status?.File ?? '', position: Number(status?.Position) },
    ],
    rows: await digestTables(server),
    objects: await describeObjects(server),
    xa: await listXa(server),
  };
}

/** Of a server whose transactions are all its own, and committed. */
async function lastGtid(server: MariadbServer): Promise<string> {
  if (!isMysql) return (await server.sql<{ g: string }>('SELECT @@gtid_binlog_pos AS g'))[0]?.g ?? '';
  const [row] = await server.sql<{ g: string }>('SELECT @@GLOBAL.gtid_executed AS g');
  return (row?.g ?? '').replace(/:\d+-(\d+)$/, ':$1');
}

let restores = 0;

async function checkRecovery(
  truth: Truth,
  target: RecoveryTarget,
  sandbox: Sandbox,
  what: string,
): Promise<void> {
  restores += 1;
  const dst = join(sandbox.dir, `restored-${restores}`);
  const title = `${what}: ${JSON.stringify(target)}`;
  process.stdout.write(`recovery ${title}\n`);
  const options = { dst, cache: undefined, moreLogs: undefined };
  const { returned } = await runJob(sandbox, {}, (context) =>
    recover('latest', target, { ...options, host: context.host }, context),
  );
  expect(returned.replay?.transactions, title).toBe(
    returned.stop.transactions ?? returned.replay?.transactions,
  );
  await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
  expect(await digestTables(restored), title).toEqual(truth.rows);
  expect(await describeObjects(restored), title).toEqual(truth.objects);
  expect(await listXa(restored), title).toEqual(truth.xa);
}
