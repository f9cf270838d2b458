import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { createSandbox, type Sandbox } from './cli.ts';

let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('source/file', 'content');
  source = join(sandbox.dir, 'source');
});
afterEach(() => sandbox[Symbol.dispose]());

describe('[notify]', () => {
  let server: Server;
  let base: string;
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      void text(request).then((body) => {
        asked.push(`${request.method} ${request.url}\n${body}`);
        return response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('healthchecks hears of the start, of what was backed up, and of a failure with its messages', async () => {
    const notify = { style: 'healthchecks', url: `${base}/key/{host}-{run_type}` };
    configureLocal(sandbox, [source], { notify });
    expect(await sandbox.backup()).toEqual(SILENT);
    const path = `/key/${hostname()}-daily`;
    expect(asked).toEqual([
      `POST ${path}/start\ndaily backup of ${hostname()} started`,
      expect.stringMatching(
        new RegExp(`^POST ${path}\ndaily backup of .* succeeded\n${source}: [0-9.]+ K?i?B in 0:0`),
      ),
    ]);

    asked = [];
    configureLocal(sandbox, [join(sandbox.dir, 'absent')], { notify });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(1);
    expect(asked[1]).toContain(`POST ${path}/fail\n`);
    expect(asked[1]).toContain(`Cannot back up ${join(sandbox.dir, 'absent')}`);
    expect(stderr).not.toContain(base);
  });

  it('a run that has nothing to do tells nobody', async () => {
    const notify = { url: `${base}/ok`, failure_url: `${base}/bad` };
    configureLocal(sandbox, [source], { notify, intervals: { run_daily: 'no' } });
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(asked).toEqual([]);
  });

  it('a service that is away is one warning, and the backup is there', async () => {
    configureLocal(sandbox, [source], { notify: { url: 'http://127.0.0.1:1/token-of-mine' } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^WARNING: 127\.0\.0\.1:1 was not told of the success .*\n.*section \[notify\]\.\n$/,
    );
    expect(stderr).not.toContain('token-of-mine');
    expect(await listCopies(sandbox)).toHaveLength(1);
  });
});

describe('[hooks]', () => {
  /** A command that adds its name and what it was told to a file. */
  const noting = (name: string, exit = 0): string =>
    `sh -c 'echo "${name} $TWINDB_RUN_TYPE $TWINDB_HOST $TWINDB_OUTCOME [$TWINDB_MESSAGE]" >> ${join(sandbox.dir, 'notes')}; echo noise; exit ${exit}'`;
  const notes = (): string[] => readFileSync(join(sandbox.dir, 'notes'), 'utf8').trimEnd().split('\n');
  const all = () => ({ before: noting('before'), after: noting('after'), on_failure: noting('failed') });

  it('run around a backup, and print nothing', async () => {
    configureLocal(sandbox, [source], { hooks: all() });
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(notes()).toEqual([`before daily ${hostname()}  []`, `after daily ${hostname()} success []`]);
  });

  it('are not waited for by what they leave in the background, nor kept in memory by what they print', async () => {
    const pid = join(sandbox.dir, 'pid');
    const before = `sh -c 'sleep 300 & echo $! > ${pid}'`;
    configureLocal(sandbox, [source], { hooks: { before, after: 'head -c 600000000 /dev/zero' } });
    try {
      expect(await sandbox.backup()).toEqual(SILENT);
      // It has not been ended either.
      process.kill(Number(readFileSync(pid, 'utf8')), 0);
    } finally {
      process.kill(Number(readFileSync(pid, 'utf8')));
    }
  });

  it('a failed backup: on_failure, then after, both with the messages', async () => {
    configureLocal(sandbox, [join(sandbox.dir, 'absent')], { hooks: all() });
    expect(await sandbox.backup()).toMatchObject({ exitCode: 1 });
    const noted = notes().join('\n');
    expect(noted).toMatch(
      /^before .*\nfailed daily \S+ failure \[Cannot back up [^]*\]\nafter daily \S+ failure \[Cannot/,
    );
  });

  it('before fails: nothing is backed up, which the other commands hear of', async () => {
    configureLocal(sandbox, [source], { hooks: { ...all(), before: noting('before', 3) } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^ERROR: Nothing was backed up: the command of \[hooks\] before failed: sh failed with exit code 3/,
    );
    expect(await listCopies(sandbox)).toEqual([]);
    expect(notes().map((line) => line.split(' ')[0])).toEqual(['before', 'failed', 'after']);
  });

  it('after fails: the copy is there, and the run has failed', async () => {
    configureLocal(sandbox, [source], { hooks: { after: noting('after', 1) } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('The command of [hooks] after failed');
    expect(await listCopies(sandbox)).toHaveLength(1);
  });

  it('a command that is not there says so, and which option names it', async () => {
    configureLocal(sandbox, [source], { hooks: { before: '/nowhere/mount-it' } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('[hooks] before failed: /nowhere/mount-it is not there');
  });

  it('an interrupted run ends its command, and after still runs', async () => {
    const started = join(sandbox.dir, 'started');
    configureLocal(sandbox, [source], {
      hooks: { ...all(), before: `sh -c 'touch ${started}; exec sleep 600'` },
    });
    const { child, result } = sandbox.start(['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily']);
    await expect.poll(() => existsSync(started), { timeout: 20_000 }).toBe(true);
    child.kill('SIGTERM');
    expect(await result).toMatchObject({ exitCode: 143 });
    expect(notes().map((line) => line.split(' ')[0])).toEqual(['failed', 'after']);
    expect(notes().join('\n')).toContain('[Interrupted by SIGTERM]');
  });
});
