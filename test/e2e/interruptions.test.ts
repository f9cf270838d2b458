import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { filesBelow, holdZstdOpen, makeFolder, PLACES, type Place, until } from './half-written.ts';

const lab = useLab();

function childrenOf(sandbox: Sandbox): string {
  return spawnSync('pgrep', ['-af', `(tar|zstd) .*${sandbox.dir}|${sandbox.dir}/bin`], { encoding: 'utf8' })
    .stdout;
}

/** Starts a backup that has written all its bytes and waits for the compressor to end. */
async function startSlowBackup(sandbox: Sandbox, place: Place) {
  sandbox.configure({
    source: { backup_dirs: makeFolder(sandbox) },
    ...place.sections,
    destination: { ...place.sections['destination'], keep_local_path: join(sandbox.dir, 'keep') },
    compression: { program: 'zstd' },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
  const { gate, path } = holdZstdOpen(sandbox);
  const running = sandbox.start(['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'], {
    PATH: path,
  });
  await until('something half-written appears', async () => (await place.halfWritten()).length > 0);
  return { ...running, goOn: () => rmSync(gate) };
}

describe.each(['local', 'ssh', 's3'] as const)('a backup to %s that is interrupted', (kind) => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s leaves nothing and exits %i', async (signal, exitCode) => {
    using sandbox = createSandbox();
    const place = PLACES[kind](sandbox);
    const running = await startSlowBackup(sandbox, place);
    running.child.kill(signal);
    const result = await running.result;
    expect(result).toMatchObject({ exitCode, stdout: '', stderr: `ERROR: Interrupted by ${signal}\n` });
    expect(await place.halfWritten()).toEqual([]);
    expect(await place.whole()).toEqual([]);
    expect(filesBelow(join(sandbox.dir, 'keep'))).toEqual([]);
    expect(existsSync(join(sandbox.dir, 'lock.lock'))).toBe(false);
    expect(childrenOf(sandbox)).toBe('');
  });

  it('by SIGKILL leaves what the next run removes by itself', async () => {
    using sandbox = createSandbox();
    const place = PLACES[kind](sandbox);
    const running = await startSlowBackup(sandbox, place);
    running.child.kill('SIGKILL');
    await running.result;
    running.goOn();
    await until('the children have noticed', () => childrenOf(sandbox) === '');
    expect(await place.whole()).toEqual([]);
    expect(await place.halfWritten()).not.toEqual([]);

    expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(await place.halfWritten()).toEqual([]);
    expect((await place.whole()).some((path) => path.includes('.tar.zst'))).toBe(true);
    expect(filesBelow(join(sandbox.dir, 'keep')).filter((path) => path.includes('.partial'))).toEqual([]);
  });

  it('is not disturbed by another run with another lock', async () => {
    using sandbox = createSandbox();
    const place = PLACES[kind](sandbox);
    const running = await startSlowBackup(sandbox, place);
    const other = join(sandbox.dir, 'other.cfg');
    sandbox.file('small/file', 'x');
    const content = readFileSync(sandbox.config, 'utf8').replace(
      /^backup_dirs.*$/m,
      `backup_dirs = ${sandbox.dir}/small`,
    );
    writeFileSync(other, content, { mode: 0o600 });
    const second = sandbox.start([
      '--config',
      other,
      'backup',
      '--lock-file',
      join(sandbox.dir, 'lock2'),
      'daily',
    ]);
    expect(await second.result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await place.halfWritten()).not.toEqual([]);
    running.goOn();
    expect(await running.result).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await place.whole()).some((path) => path.includes('slow'))).toBe(true);
  });
});

describe('a second Ctrl-C', () => {
  it('ends a clean-up that hangs, with every program, and says what may be left', async () => {
    using sandbox = createSandbox();
    const place = PLACES.local(sandbox);
    const running = await startSlowBackup(sandbox, place);
    // Nothing can end the clean-up before five seconds have passed: the compressor does not obey.
    const stubborn = spawnSync('pkill', ['-STOP', '-f', `${sandbox.dir}/bin/zstd`]);
    expect(stubborn.status).toBe(0);
    running.child.kill('SIGINT');
    // The same keystroke, sent twice.
    running.child.kill('SIGINT');
    await delay(1000);
    running.child.kill('SIGINT');
    const result = await running.result;
    // A shell reports it as 130.
    expect(result).toMatchObject({ signal: 'SIGINT', stdout: '' });
    expect(result.stderr).toMatch(
      /^WARNING: Ended before everything was cleaned up\. There may be left:\n {2}half/,
    );
    expect(existsSync(join(sandbox.dir, 'lock.lock'))).toBe(false);
    await until('the children are gone', () => childrenOf(sandbox) === '');
  });
});

describe('what hangs after a signal', () => {
  it('does not keep the process, also when a thread is in a call that never returns', async () => {
    using sandbox = createSandbox();
    // A FIFO without a writer stands in for a frozen mount: to open it waits until the process ends.
    const fifo = join(sandbox.dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const sections = destinationSections('ssh', sandbox, lab);
    sandbox.configure({
      source: { backup_dirs: '/etc/default' },
      ...sections,
      ssh: { ...sections['ssh'], ssh_key: fifo },
    });
    const lock = join(sandbox.dir, 'lock');
    const running = sandbox.start(['backup', '--lock-file', lock, 'daily']);
    await until('the lock is acquired', () => existsSync(`${lock}.lock`));
    await delay(500);
    const sent = Date.now();
    running.child.kill('SIGTERM');
    const result = await running.result;
    // A shell reports it as 143.
    expect(result).toMatchObject({ signal: 'SIGTERM', stdout: '' });
    expect(result.stderr).toBe('ERROR: Interrupted by SIGTERM\n');
    expect(Date.now() - sent).toBeLessThan(10_000);
    expect(existsSync(`${lock}.lock`)).toBe(false);
  });
});

describe('a command that waits for a server that says nothing', () => {
  it.each(['ls', 'check', 'status'])('ends at once by the signal: %s', async (command) => {
    using sandbox = createSandbox();
    const mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const sections = destinationSections('ssh', sandbox, lab);
    sandbox.configure({ ...sections, ssh: { ...sections['ssh'], port } });
    const running = sandbox.start([command]);
    await once(mute, 'connection');
    const sent = Date.now();
    running.child.kill('SIGTERM');
    expect(await running.result).toMatchObject({ exitCode: 143, stderr: 'ERROR: Interrupted by SIGTERM\n' });
    expect(Date.now() - sent).toBeLessThan(5000);
    mute.close();
  });
});

describe('a restore that is interrupted', () => {
  it('leaves its folder empty, and no children', async () => {
    using sandbox = createSandbox();
    sandbox.configure({
      source: { backup_dirs: makeFolder(sandbox) },
      ...destinationSections('local', sandbox, lab),
      compression: { program: 'zstd' },
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    expect(await sandbox.backup()).toMatchObject({ exitCode: 0 });
    const { stdout } = await sandbox.run('ls');
    const dst = join(sandbox.dir, 'restored');
    const { path } = holdZstdOpen(sandbox);
    const running = sandbox.start(['restore', 'file', stdout.trim(), '--dst', dst], { PATH: path });
    await until('files are restored', () => filesBelow(dst).length > 30);
    running.child.kill('SIGTERM');
    expect(await running.result).toMatchObject({ exitCode: 143, stderr: 'ERROR: Interrupted by SIGTERM\n' });
    expect(readdirSync(dst)).toEqual([]);
    expect(childrenOf(sandbox)).toBe('');
  });
});

describe('two runs at once', () => {
  it('wait for each other by the lock and both succeed', async () => {
    using sandbox = createSandbox();
    sandbox.file('data/file', 'x');
    sandbox.configure({
      source: { backup_dirs: join(sandbox.dir, 'data') },
      ...destinationSections('local', sandbox, lab),
      measures: { log: join(sandbox.dir, 'measures.log') },
    });
    const results = await Promise.all(
      ['daily', 'weekly', 'daily', 'monthly'].map((type) => sandbox.backup(type)),
    );
    for (const result of results) expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const { stdout } = await sandbox.run('ls');
    expect(stdout.trim().split('\n')).toHaveLength(4);
  });
});
