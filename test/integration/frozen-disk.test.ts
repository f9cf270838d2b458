import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLocal } from '../../src/destinations/local/driver.ts';
import { describeError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { digestOf, listKeys, MIB, makeBytes, store, untilClosed } from '../contract/bytes.ts';
import { createSandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';

const quiet = createLog('error', () => {});
/** Five minutes and thirty, in seconds and less. */
const LIMITS = { usualMs: 1000, slowMs: 1500 };

/** Mounts a file system that can be frozen; false without root or where mounts are forbidden. */
function mountDisk(dir: string): boolean {
  const image = join(dir, 'image');
  writeFileSync(image, '');
  truncateSync(image, 64 * MIB);
  mkdirSync(join(dir, 'disk'));
  try {
    execFileSync('mkfs.ext4', ['-q', image], { stdio: 'ignore' });
    execFileSync('mount', ['-o', 'loop', image, join(dir, 'disk')], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('a local destination on a disk that freezes', () => {
  let dir: string;
  let isMounted = false;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'twindb-frozen-'));
    isMounted = mountDisk(dir);
  });
  afterEach(() => {
    if (isMounted) execFileSync('umount', ['--lazy', join(dir, 'disk')]);
    rmSync(dir, { recursive: true });
  });

  /** From now on every change waits, for 5 seconds, as nothing can end what waits. */
  function freeze(): Promise<unknown> {
    const disk = join(dir, 'disk');
    const thaw = spawn('sh', ['-c', 'sleep 5; fsfreeze -u "$0"', disk], { stdio: 'ignore' });
    execFileSync('fsfreeze', ['-f', disk]);
    return new Promise((resolve) => thaw.once('exit', resolve));
  }

  it('ends a write and a deletion by an error, and leaves nothing under the key', async (context) => {
    if (!isMounted) return context.skip();
    const destination = openLocal({ kind: 'local', backupDir: join(dir, 'disk/copies') }, quiet, LIMITS);
    await store(destination, 'db1/status', 10, 1);
    let thawed: Promise<unknown> = Promise.resolve();
    const source = async function* (): AsyncGenerator<Buffer> {
      yield* makeBytes(4 * MIB, 1);
      thawed = freeze();
      yield* makeBytes(4 * MIB, 2);
    };
    const sink = destination.write('db1/daily/files/copy');
    const closed = untilClosed(sink);
    const failures = await Promise.all([
      pipeline(Readable.from(source()), sink).catch((error: unknown) => describeError(error)),
      closed.then(() => destination.delete('db1/status').catch((error: unknown) => describeError(error))),
    ]);
    expect(failures).toEqual([
      expect.stringMatching(/^Cannot write .*copy: the file system has not answered for 1(\.5)? s\n/),
      expect.stringMatching(/^Cannot delete .*status: the file system has not answered for 1 s\n/),
    ]);
    await thawed;
    expect((await listKeys(destination, 'db1/')).filter((key) => key.includes('copy'))).toEqual([]);
  });

  it('ends a read that waits, and looking goes on', async () => {
    const backupDir = join(dir, 'copies');
    const destination = openLocal({ kind: 'local', backupDir }, quiet, LIMITS);
    await store(destination, 'db1/status', 10, 1);
    // To open a FIFO without a writer waits as a frozen mount does, until there is one.
    execFileSync('mkfifo', [join(backupDir, 'db1/frozen')]);
    await expect(digestOf(destination, 'db1/frozen')).rejects.toThrow(
      /^Cannot read .*frozen: the file system has not answered for 1 s$/,
    );
    expect(await listKeys(destination, 'db1/')).toEqual(['db1/status']);
    execFileSync('sh', ['-c', ': >"$0"', join(backupDir, 'db1/frozen')]);
  });
});

it('a command ends with an error although a thread waits for ever', async () => {
  using sandbox = createSandbox();
  sandbox.file('data/file', 'x');
  configureLocal(sandbox, [join(sandbox.dir, 'data')]);
  const fifo = join(sandbox.dir, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const loader = sandbox.file(
    'hold.mjs',
    `import { open } from 'node:fs'; open(${JSON.stringify(fifo)}, 'r', () => {});`,
  );
  const result = await sandbox.start(['check'], { NODE_OPTIONS: `--import=${loader}` }).result;
  expect(result.signal).toBe('SIGALRM');
  expect(result.stderr).toMatch(/^ERROR: There is no copy and no status of the host /);
});
