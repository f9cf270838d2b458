import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { batchWrites } from './batches.ts';

const MIB = 1024 ** 2;

let dir: string;
let file: FileHandle | undefined;
const openFile = async (path = join(dir, 'file')): Promise<FileHandle> => {
  file = await open(path, 'w');
  return file;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-batches-'));
});

afterEach(async () => {
  await file?.close();
  file = undefined;
  rmSync(dir, { recursive: true });
});

it('keeps every byte in its place, in chunks of any size, and counts them', async () => {
  const sizes = [1, 0, 65_536, 3 * MIB, 17, 200_000, 40 * MIB, 1023];
  const chunks = sizes.map((size, i) => Buffer.alloc(size, `${i} of them `));
  const batches = batchWrites(await openFile());
  for (const chunk of chunks) await batches.add(chunk);
  const whole = Buffer.concat(chunks);
  expect(await batches.finish()).toBe(whole.length);
  expect(readFileSync(join(dir, 'file')).equals(whole)).toBe(true);
});

it('writes what fills no batch only at the end', async () => {
  const batches = batchWrites(await openFile());
  await batches.add(Buffer.from('a little'));
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('');
  await batches.finish();
  expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('a little');
});

it('fails when the disk reports in the background that it could not write', async () => {
  // A device that takes all bytes and cannot be synced.
  const batches = batchWrites(await openFile('/dev/null'));
  const chunk = Buffer.alloc(MIB);
  const writing = async () => {
    for (let i = 0; i < 10_000; i++) await batches.add(chunk);
  };
  await expect(writing()).rejects.toMatchObject({ code: 'EINVAL', syscall: 'fdatasync' });
});

it('fails at the end when there is no room', async () => {
  const batches = batchWrites(await openFile('/dev/full'));
  await batches.add(Buffer.from('a little'));
  await expect(batches.finish()).rejects.toMatchObject({ code: 'ENOSPC' });
});
