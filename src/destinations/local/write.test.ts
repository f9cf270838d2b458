import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { REQUEST_LIMITS } from '../request-limits.ts';
import { createFileWriter } from './write.ts';

// As with NFS when the quota is used up: each file is closed, but what was in the cache is not on the disk.
vi.mock('node:fs/promises', async (importActual) => {
  const actual = await importActual<typeof import('node:fs/promises')>();
  return {
    ...actual,
    open: async (...args: Parameters<typeof actual.open>) => {
      const file = await actual.open(...args);
      const close = file.close.bind(file);
      file.close = async () => {
        await close();
        throw Object.assign(new Error('EDQUOT: disk quota exceeded, close'), { code: 'EDQUOT' });
      };
      return file;
    },
  };
});

it('a write that is given up leaves nothing, even where the file system fails to close its file', async () => {
  const root = await mkdtemp(join(tmpdir(), 'local-write-'));
  const partialPath = join(root, 'db1/.partial/owner');
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => warnings.push(message), error() {} };
  const target = { key: 'db1/x', pathOf: (key: string) => join(root, key), partialPath, root };
  const stream = createFileWriter(target, log, REQUEST_LIMITS);
  stream.on('error', () => {});
  await new Promise((resolve) => stream.write('bytes', resolve));
  expect(await readdir(join(root, 'db1/.partial'))).toEqual(['owner']);
  stream.destroy(new Error('stop'));
  while (!stream.closed) await sleep(5);
  expect(await readdir(join(root, 'db1'))).toEqual([]);
  expect(warnings).toEqual([]);
  await rm(root, { recursive: true });
});
