import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { createSandbox, type Sandbox } from './cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm' };

let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.dir, 'source');
  sandbox.file('source/file', randomBytes(1 << 20));
  configureLocal(sandbox, [source]);
});
afterEach(() => sandbox[Symbol.dispose]());

const backup = () => ['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'];

function commandLine(args: readonly string[]): string {
  return [process.execPath, MAIN, '--config', sandbox.config, ...args].map((word) => `'${word}'`).join(' ');
}

/** Runs the command on a terminal of its own, made by script(1). */
function say(args: readonly string[], size = 'columns 200 rows 40') {
  const command = `stty ${size}; exec ${commandLine(args)}`;
  return spawnSync('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    encoding: 'utf8',
    env: environment,
  });
}

/** A line that shows bytes and rate, drawn over the one before. */
const progressOf = (title: string) => `\r\x1b[J\x1b[36m${title}:`;

describe('on a terminal', () => {
  it('backup and restore show a line of progress, and say what they have done', async () => {
    const stored = say(backup());
    expect(stored.status).toBe(0);
    expect(stored.stdout).toContain(progressOf(`Backing up ${source}`));
    expect(stored.stdout).toMatch(/0 B, 0 B\/s/);
    const [copy = ''] = await listCopies(sandbox);
    expect(stored.stdout).toContain(`\r\x1b[JBacked up ${source} to ${copy}`);

    const restored = say(['restore', 'file', copy, '--dst', join(sandbox.dir, 'restored')]);
    expect(restored.status).toBe(0);
    expect(restored.stdout).toContain(progressOf(`Reading ${copy}`));
    expect(restored.stdout).toContain(`Restored ${copy} to ${join(sandbox.dir, 'restored')}`);
  });

  it('that does not know its width, as a serial console, the figures are shown all the same', () => {
    expect(say(backup(), 'columns 0 rows 0').stdout).toContain('0 B, 0 B/s');
  });

  it('that is closed, a backup cleans up', async () => {
    const gate = sandbox.file('gate', '');
    const script = `#!/bin/sh\n/usr/bin/gzip "$@"\nwhile [ -e '${gate}' ]; do sleep 0.1; done\n`;
    chmodSync(sandbox.file('bin/zstd', script), 0o755);
    configureLocal(sandbox, [source], { compression: { program: 'zstd' } });
    const status = join(sandbox.dir, 'status');
    // As a login shell does, the shell passes on the SIGHUP that only the terminal's first process gets.
    const wait = `& trap "kill -HUP $!" HUP; wait; wait $!; echo $? >'${status}'`;
    const command = `${commandLine(backup())} ${wait}`;
    const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
      stdio: 'ignore',
      env: { ...environment, SHELL: '/bin/sh', PATH: `${join(sandbox.dir, 'bin')}:${environment.PATH}` },
    });
    const lock = join(sandbox.dir, 'lock.lock');
    const partial = join(sandbox.dir, 'repository', hostname(), '.partial');
    await expect.poll(() => existsSync(partial) && readdirSync(partial), { timeout: 20_000 }).toHaveLength(1);
    // It holds the terminal's other side.
    terminal.kill('SIGKILL');
    const statusText = () => existsSync(status) && readFileSync(status, 'utf8');
    await expect.poll(statusText, { timeout: 20_000 }).toBe('129\n');
    expect(existsSync(lock)).toBe(false);
    expect(existsSync(partial) ? readdirSync(partial) : []).toEqual([]);
    rmSync(gate);
  });
});

describe('what a destination or a status holds', () => {
  const EVIL = '\x1b[2J\x9b31m';
  const escaped = String.raw`\u001b[2J\u009b31m`;
  const mysql = 'db1/daily/mysql/mysql-2026-01-01_00_00_01.xbstream.gz';
  const binlog = `db1/binlog/x${EVIL}.000001`;
  /** All that a restore of a binary log looks at: the magic number, and an event of type 15. */
  const log = Buffer.alloc(100);
  log.set([0xfe, 0x62, 0x69, 0x6e, 1, 0, 0, 0, 15]);

  beforeEach(() => {
    const store = (key: string, content: string | Buffer) => sandbox.file(`repository/${key}`, content);
    store(mysql, 'x');
    const times = { backup_started: 1, backup_finished: 2, lsn: 1, config: [] };
    const sections = { hourly: {}, weekly: {}, monthly: {}, yearly: {} };
    const daily = { [mysql]: { ...times, type: `full${EVIL}` } };
    store('db1/status', encodeEnvelope({ ...sections, daily }));
    store(`${binlog}.gz`, gzipSync(log));
    store('db1/binlog-status', encodeEnvelope({ [binlog]: { time_created: 1 } }));
  });

  it.each([
    ['ls -l', ['ls', '-l'], `$'full${escaped}'`],
    ['status', ['status', '--hostname', 'db1'], `full${escaped}`],
    ['restore binlog', ['restore', 'binlog', binlog], `x${escaped}.000001'`],
  ])('does not steer the terminal: %s', (_command, args, shown) => {
    const dst = args[0] === 'restore' ? ['--dst', join(sandbox.dir, 'restored')] : [];
    const { stdout } = say([...args, ...dst]);
    expect(stdout).toContain(shown);
    // Our own colours and progress line aside.
    for (const control of ['\x1b[2J', '\x9b']) expect(stdout).not.toContain(control);
  });

  it('reaches a script as it is', async () => {
    const dst = join(sandbox.dir, 'restored');
    const { stdout } = await sandbox.run('restore', 'binlog', binlog, '--dst', dst);
    expect(stdout).toBe(`${dst}/x${EVIL}.000001\n`);
    const status = await sandbox.run('status', '--hostname', 'db1');
    expect(JSON.parse(status.stdout)).toMatchObject({ daily: { [mysql]: { type: `full${EVIL}` } } });
    expect(status.stdout).toContain('\x9b31m');
  });
});

describe('off a terminal', () => {
  it('backup and restore show nothing', async () => {
    expect(await sandbox.backup()).toEqual(SILENT);
    const [copy = ''] = await listCopies(sandbox);
    expect(await sandbox.run('restore', 'file', copy, '--dst', join(sandbox.dir, 'restored'))).toEqual(
      SILENT,
    );
  });

  it.each(['ls', '--version', '--help'])(
    '%s that cannot write its result fails and says so',
    async (args) => {
      mkdirSync(join(sandbox.dir, 'repository'));
      expect(await sandbox.backup()).toEqual(SILENT);
      const shell = `exec "$0" "$@" >/dev/full`;
      const { status, stderr } = spawnSync(
        'sh',
        ['-c', shell, process.execPath, MAIN, '--config', sandbox.config, args],
        { encoding: 'utf8', env: environment },
      );
      expect([status, stderr]).toEqual([1, 'ERROR: Cannot write to stdout: no space left on device\n']);
    },
  );

  it('a failure whose message cannot be written is still a failure', () => {
    const shell = `exec "$0" "$@" 2>/dev/full`;
    const args = ['-c', shell, process.execPath, MAIN, '--config', '/nonexistent', 'ls'];
    expect(spawnSync('sh', args, { env: environment }).status).toBe(78);
  });
});
