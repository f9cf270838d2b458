import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { flavourOf } from '../../src/mysql/flavours.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql, listedMysql, mysqlObjectsIn, statusOf } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startGaleraNode } from '../lab/mariadb.ts';

let node: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  node = await startGaleraNode();
});
afterAll(() => node[Symbol.asyncDispose]());
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

async function statusVariable(name: string): Promise<string | undefined> {
  return (await node.sql<{ Value: string }>(`SHOW STATUS LIKE '${name}'`))[0]?.Value;
}

const state = () => statusVariable('wsrep_local_state_comment');

/** mariabackup, which stops in its work until a signal comes, or ends as `end` says. */
function program(end: string): Record<string, string> {
  const version = 'case "$*" in *--version*) exec mariabackup "$@";; esac';
  const path = sandbox.file('backup-program', `#!/bin/sh\n${version}\nmariabackup "$@"\n${end}\n`);
  chmodSync(path, 0o755);
  return { xtrabackup_binary: path };
}

/** The Galera info of a copy as it is before preparing. */
function unpackGaleraInfo(key: string): string {
  const dir = join(sandbox.dir, 'unpacked', key);
  mkdirSync(dir, { recursive: true });
  const stream = gunzipSync(readFileSync(join(sandbox.dir, 'repository', key)));
  execFileSync('mbstream', ['-x', '-C', dir], { input: stream });
  const { galeraInfo } = flavourOf('mariadb', '11.0').files;
  const file = galeraInfo.map((name) => join(dir, name)).find((path) => existsSync(path));
  return file === undefined ? '' : readFileSync(file, 'utf8');
}

describe('a backup of a Galera node', () => {
  it('is desynchronised while the copy is taken, and records that it is one', async () => {
    configureMysql(sandbox, node);
    const { exitCode, stderr } = await backUp(sandbox, 'daily', '--debug');
    expect(exitCode).toBe(0);
    const [on, done, off] = ['wsrep_desync is ON', 'completed OK!', 'wsrep_desync is OFF'].map((words) =>
      stderr.indexOf(words),
    );
    expect(on).toBeGreaterThan(0);
    expect(done).toBeGreaterThan(on ?? 0);
    expect(off).toBeGreaterThan(done ?? 0);
    await expect.poll(state).toBe('Synced');
    expect(statusOf(sandbox, listedMysql(sandbox)[0]?.key ?? '')).toMatchObject({
      galera: true,
      wsrep_provider_version: expect.stringMatching(/^\d+\./) as string,
    });
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
  });

  it('gives copies, full and incremental, from which the node comes back with its place in the cluster', async () => {
    configureMysql(sandbox, node);
    const seqnos: number[] = [];
    for (const [runType, type] of [['daily', 'full'] as const, ['hourly', 'incremental'] as const]) {
      // The second copy is of a later state than the one it continues.
      await node.sql(`CREATE DATABASE d_${runType}`);
      expect(await backUp(sandbox, runType)).toEqual(SILENT);
      const uuid = await statusVariable('wsrep_local_state_uuid');
      const seqno = await statusVariable('wsrep_last_committed');
      const copy = listedMysql(sandbox).find((each) => each.runType === runType);
      expect(copy?.type).toBe(type);
      const dst = join(sandbox.dir, type);
      const { exitCode, stderr } = await sandbox.run('restore', 'mysql', copy?.key ?? '', '--dst', dst);
      expect([exitCode, stderr]).toEqual([0, '']);
      const grastate = readFileSync(join(dst, 'grastate.dat'), 'utf8').split('\n');
      expect(grastate).toContain(`uuid: ${uuid}`);
      expect(grastate).toContain(`seqno: ${seqno}`);
      // Preparing finds the place in InnoDB as well; who restores without this tool may not have it before that.
      expect(unpackGaleraInfo(copy?.key ?? '')).toMatch(new RegExp(`^${uuid}:${seqno}\\b`));
      seqnos.push(Number(seqno));
    }
    expect(seqnos[1]).toBeGreaterThan(seqnos[0] ?? Number.NaN);
  });

  it('is synchronised again after a failure', async () => {
    configureMysql(sandbox, node, { mysql: program('exit 3') });
    expect((await backUp(sandbox, 'daily')).exitCode).toBe(1);
    await expect.poll(state).toBe('Synced');
    expect(mysqlObjectsIn(sandbox)).toEqual([]);
  });

  it('is synchronised again after SIGTERM', async () => {
    configureMysql(sandbox, node, { mysql: program('sleep 60') });
    const running = sandbox.start(['backup', '--lock-file', `${sandbox.dir}/lock`, 'daily']);
    await expect.poll(state, { timeout: 20_000 }).toBe('Donor/Desynced');
    running.child.kill('SIGTERM');
    expect(await running.result).toMatchObject({ exitCode: 143 });
    await expect.poll(state).toBe('Synced');
    expect(mysqlObjectsIn(sandbox)).toEqual([]);
    expect(listedMysql(sandbox)).toEqual([]);
  });
});
