import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replayLogs } from '../../src/jobs/recover/replay-logs.ts';
import { flavourOf } from '../../src/mysql/flavours.ts';
import { startPrivateServer } from '../../src/mysql/private-server/private-server.ts';
import { createSandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { startMariadb } from '../lab/mariadb.ts';

it.each([
  ['none have GTIDs, and statements do not keep to their rules', 'OFF'],
  ['all have', 'ON'],
])('replays the transactions of a real MySQL of which %s', async (_what, mode) => {
  using sandbox = createSandbox();
  configureLocal(sandbox, []);
  await using server = await startMariadb({
    lines: [`gtid_mode = ${mode}`, `enforce_gtid_consistency = ${mode}`],
  });
  // The data as they were before all logs.
  await server.stop();
  const datadir = join(server.dir, 'copy');
  cpSync(server.datadir, datadir, { recursive: true });
  rmSync(join(datadir, 'auto.cnf'), { force: true });
  await server.start();
  const connection = await server.connect();
  await connection.query('CREATE DATABASE d');
  await connection.query('CREATE TABLE d.t (id INT PRIMARY KEY)');
  await connection.query('CREATE TABLE d.isam (id INT PRIMARY KEY) ENGINE=MyISAM');
  await connection.query('BEGIN');
  await connection.query('INSERT INTO d.t VALUES (1), (2)');
  if (mode === 'OFF') await connection.query('INSERT INTO d.isam SELECT id FROM d.t');
  await connection.query('COMMIT');
  await connection.end();
  const logs = readdirSync(server.binlogDir)
    .filter((name) => /\.\d+$/.test(name))
    .toSorted()
    .map((name) => ({
      key: name,
      name,
      binlog: name,
      timeCreated: 0,
      listed: true,
      serverIdentity: undefined,
      stored: 0,
      contents: undefined,
      size: statSync(join(server.binlogDir, name)).size,
      source: { kind: 'file', path: join(server.binlogDir, name) } as const,
    }))
    // The first ones are older than the copy.
    .slice(-1);
  const [version] = await server.sql<{ v: string }>('SELECT @@version AS v');
  const flavour = flavourOf('oracle', version?.v);
  const shelf = join(sandbox.dir, 'shelf');
  mkdirSync(shelf);
  await runJob(sandbox, {}, async (context) => {
    const given = { datadir, flavour, setup: undefined, config: [], purpose: 'replay' } as const;
    await using fresh = await startPrivateServer({ ...given, log: context.log, signal: context.signal });
    const range = { logs, startPosition: 4, stopPosition: undefined };
    await replayLogs(range, { ...fresh, flavour }, { path: shelf, dstName: shelf }, context);
    expect(await fresh.query('SELECT id FROM d.t')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await fresh.query('SELECT COUNT(*) AS n FROM d.isam')).toEqual([
      { n: mode === 'OFF' ? '2' : '0' },
    ]);
    expect(await fresh.variable('gtid_executed')).toEqual(
      mode === 'OFF' ? '' : expect.stringMatching(/:1-\d+$/),
    );
    await fresh.stop();
  });
});
