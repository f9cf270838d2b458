import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { giveLabKey } from '../fixtures/lab-key.ts';
import { changeStatus } from '../fixtures/mysql-copies.ts';
import { backUp, configureMysql, listedMysql, statusOf } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let sandbox: Sandbox;
let server: MariadbServer;
beforeEach(async () => {
  sandbox = createSandbox();
  server = await startMariadb();
  configureMysql(sandbox, server);
  giveLabKey(sandbox);
});
afterEach(async () => {
  sandbox[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

/** Puts a data directory in the place of the server's that was never a copy of it. */
async function makeAnew(): Promise<void> {
  await using fresh = await startMariadb();
  await fresh.stop();
  await server.stop();
  execFileSync('rm', ['-r', server.datadir]);
  execFileSync('cp', ['-a', fresh.datadir, server.datadir]);
  await server.start();
}

const write = (name: string) => server.sql(`CREATE DATABASE ${name}`);
const fill = async () => {
  await write('d');
  await server.sql('CREATE TABLE d.t ENGINE=InnoDB SELECT seq AS id, MD5(seq) AS v FROM d.seq_1_to_20000');
};

async function lsnNow(): Promise<number> {
  const [row] = await server.sql<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_current'");
  return Number(row?.Value);
}

async function checkpoint(): Promise<number> {
  const [row] = await server.sql<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_last_checkpoint'");
  return Number(row?.Value) + 1000;
}

/** Takes the hourly copy, which is to be full, and returns why it says it is. */
async function expectFull(): Promise<string> {
  const { exitCode, stdout, stderr } = await backUp(sandbox, 'hourly');
  expect([exitCode, stdout]).toEqual([0, '']);
  expect(stderr.match(/^WARNING: A full copy instead of an incremental one: /gm)).toHaveLength(1);
  const [hourly] = listedMysql(sandbox);
  expect(hourly).toMatchObject({ runType: 'hourly', type: 'full', parent: null });
  return stderr;
}

describe('an hourly copy of a server whose data were made anew since the daily one is full, with a warning,', () => {
  it('although the server has got beyond the LSN of that one', async () => {
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    await makeAnew();
    await fill();
    const [daily] = listedMysql(sandbox);
    expect(await lsnNow()).toBeGreaterThan(daily?.lsn ?? Number.NaN);
    expect(await expectFull()).toContain(
      `the full copy ${daily?.key} is of another server, or this one was initialised or restored since`,
    );
  });

  it('by its LSN alone where the status does not tell the identity, as after the Python tool', async () => {
    await fill();
    // A copy's LSN is that of the last checkpoint, which must be behind what a fresh server has.
    const start = await lsnNow();
    for (let tries = 0; tries < 100 && (await checkpoint()) < start; tries += 1) await delay(100);
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    const [daily] = listedMysql(sandbox);
    const key = daily?.key ?? '';
    const entry = statusOf(sandbox, key) as object;
    changeStatus(join(sandbox.dir, 'repository'), hostname(), (status) => ({
      ...status,
      daily: { [key]: { ...entry, server_identity: null } },
    }));
    await makeAnew();
    expect(await expectFull()).toMatch(
      new RegExp(`the server is at LSN \\d+, before the ${daily?.lsn} of the full copy ${key}`),
    );
  });
});
