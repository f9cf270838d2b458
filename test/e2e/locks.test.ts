import { existsSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeHolder } from '../../src/lock/lock-holder.ts';
import { deadOwner } from '../fixtures/owners.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { filesBelow, holdZstdOpen, makeFolder, until } from './half-written.ts';

let sandbox: Sandbox;
let lock: string;
beforeEach(() => {
  sandbox = createSandbox();
  lock = join(sandbox.dir, 'lock.lock');
});
afterEach(() => sandbox[Symbol.dispose]());

const SILENCE = { exitCode: 0, signal: null, stdout: '', stderr: '' };

function configure(folder: string): string {
  const sections = destinationSections('local', sandbox, useLab());
  sandbox.configure({
    source: { backup_dirs: folder },
    ...sections,
    compression: { program: 'zstd' },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
  return String(sections['local']?.['backup_dir']);
}

/** A backup that holds the lock and does not end while the gate is there. */
async function startSlowBackup(repository: string) {
  const { gate, path } = holdZstdOpen(sandbox);
  const running = sandbox.start(['backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily'], {
    PATH: path,
  });
  await until('something half-written appears', () => partialsIn(repository).length > 0);
  return { ...running, goOn: () => rmSync(gate) };
}

function partialsIn(repository: string): string[] {
  return filesBelow(repository).filter((path) => path.includes('.partial/'));
}

describe('the lock of a killed run', () => {
  it('is acquired at once, though it is dated next year', async () => {
    const repository = configure(makeFolder(sandbox));
    const running = await startSlowBackup(repository);
    running.child.kill('SIGKILL');
    await running.result;
    running.goOn();
    const nextYear = Date.now() / 1000 + 365 * 24 * 3600;
    utimesSync(lock, nextYear, nextYear);
    const start = Date.now();
    expect(await sandbox.backup('hourly')).toEqual(SILENCE);
    expect(Date.now() - start).toBeLessThan(15_000);
    expect((await sandbox.run('ls')).stdout).toContain('/hourly/files/');
    expect(existsSync(lock)).toBe(false);
  });

  it('is acquired by one after the other of those that start in the same second', async () => {
    configure(join(sandbox.file('data/file', 'x'), '..'));
    mkdirSync(lock);
    writeHolder(lock, deadOwner(), { what: 'the daily backup' }, Date.now());
    const results = await Promise.all(
      ['daily', 'weekly', 'monthly', 'yearly'].map((type) => sandbox.backup(type)),
    );
    expect(results).toEqual(Array.from(results, () => SILENCE));
    expect((await sandbox.run('ls')).stdout.trim().split('\n')).toHaveLength(4);
  });
});

it('a run whose lock was taken away writes no status, leaves no copy and fails, before it is told of it', async () => {
  const repository = configure(makeFolder(sandbox));
  const running = await startSlowBackup(repository);
  rmSync(lock, { recursive: true });
  running.goOn();
  const { exitCode, stderr } = await running.result;
  expect([exitCode, stderr]).toEqual([1, `ERROR: The lock ${lock} was taken away from this run\n`]);
  expect(filesBelow(repository)).toEqual([]);
});
