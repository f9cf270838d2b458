import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, it } from 'vitest';
import { checkCopies } from '../../src/jobs/check/check-copies.ts';
import type { JobContext } from '../../src/jobs/job-context.ts';
import { restoreFile } from '../../src/jobs/restore/restore-file.ts';
import { restoreMysql } from '../../src/jobs/restore/restore-mysql.ts';
import { makeArchive, paxHeader } from '../fixtures/archive.ts';
import { end, makeStream, payload, remove, rename } from '../fixtures/xbstream.ts';
import { expectTyped, fuzz, makePrey, mutated, type Prey } from './fuzz.ts';

// Copies that somebody has changed at random, given to the real tar behind our own reader, and to our own unpacker.

let prey: Prey;
beforeAll(() => {
  prey = makePrey();
});
beforeEach(() => prey.reset());
afterAll(() => prey[Symbol.dispose]());

const TIMEOUT = 30 * 60_000;
const ARCHIVE = 'db1/daily/files/_srv-2026-01-01_00_00_01.tar.gz';
const STREAM = 'db1/daily/mysql/mysql-2026-01-01_00_00_01.xbstream.gz';

/** Reads every byte of a copy, as `check` does of one that no status lists. */
async function examine(context: JobContext): Promise<void> {
  const selection = { media: undefined, host: undefined, wanted: [] };
  const options = { read: 'all' as const, underLock: undefined };
  await checkCopies(
    selection,
    options,
    ({ problem }) => {
      if (problem !== undefined) expectTyped(problem);
    },
    context,
  );
}

it('an archive', { timeout: TIMEOUT }, async () => {
  const archive = makeArchive([
    { name: 'srv/', type: 'folder', mode: 0o755 },
    { name: 'srv/file', content: 'content' },
    { name: 'srv/link', type: 'link', target: '../../canary' },
    { name: 'srv/hard', type: 'hardLink', target: 'srv/file' },
    paxHeader({ path: 'srv/long', linkpath: 'srv/file' }),
    { name: 'x', content: 'x'.repeat(600) },
    { name: '././@LongLink', type: 'longName', content: 'srv/../../../canary\0' },
    { name: 'y', content: 'y' },
  ]);
  const input = fc.oneof(mutated(archive).map(gzipBytes), mutated(gzipSync(archive)));
  await fuzz(25, input, async (bytes) => {
    prey.reset();
    prey.plant(ARCHIVE, bytes);
    await prey.run((context) => restoreFile(ARCHIVE, { dst: prey.dst }, context));
    await prey.run(examine);
  });
});

it('a stream of a MySQL copy', { timeout: TIMEOUT }, async () => {
  const stream = Buffer.concat([
    payload('shop/orders.ibd', 'x'.repeat(2000)),
    payload('backup-my.cnf', '[mysqld]\ninnodb_page_size=16384\nplugin_load=a\n'),
    end('shop/orders.ibd'),
    end('backup-my.cnf'),
    rename('shop/orders.ibd', 'shop/old.ibd'),
    remove('shop/old.ibd'),
    makeStream({ from: 0, to: 100 }),
  ]);
  const input = fc.oneof(mutated(stream).map(gzipBytes), mutated(gzipSync(stream)));
  await fuzz(25, input, async (bytes) => {
    prey.reset();
    prey.plant(STREAM, bytes);
    await prey.run((context) => restoreMysql(STREAM, { dst: prey.dst, cache: undefined }, context));
    await prey.run(examine);
  });
});

function gzipBytes(bytes: Buffer): Buffer {
  return gzipSync(bytes);
}
