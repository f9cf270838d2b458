import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStage } from '../../test/fixtures/run-stage.ts';
import { openLocal } from '../destinations/local/driver.ts';
import { createLog } from '../log.ts';
import { KeepLocal } from './keep-local.ts';

const KEY = 'db1/daily/files/_etc-2026-01-01_00_00_00.tar.gz';
const log = createLog('error', () => undefined);
const input = randomBytes(5 << 20);

function* failing(): Generator<Buffer> {
  yield input;
  throw new Error('tar failed');
}

describe('keeping a local copy', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'twindb-keep-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const openKeeper = (backupDir = dir) =>
    new KeepLocal(openLocal({ kind: 'local', backupDir }, log).write(KEY));

  it('passes the bytes on unchanged and keeps the same', async () => {
    expect((await runStage(openKeeper(), input)).equals(input)).toBe(true);
    expect(readFileSync(join(dir, KEY)).equals(input)).toBe(true);
  });

  it('errors when the folder cannot be written', async () => {
    await expect(runStage(openKeeper('/dev/null/x'), input)).rejects.toThrow('not a folder');
  });

  it('leaves nothing when the stage before it fails', async () => {
    await expect(runStage(openKeeper(), failing())).rejects.toThrow('tar failed');
    expect(readdirSync(join(dir, 'db1'))).toEqual([]);
  });

  it.each(['write', 'final'] as const)('does not end when the copy fails in %s', async (where) => {
    const full = new Writable({
      write: (_chunk, _encoding, callback) => callback(where === 'write' ? new Error('disk full') : null),
      final: (callback) => setTimeout(() => callback(new Error('disk full')), 20),
    });
    const keeper = new KeepLocal(full);
    let ended = false;
    keeper.on('end', () => {
      ended = true;
    });
    await expect(runStage(keeper, input)).rejects.toThrow('disk full');
    expect(ended).toBe(false);
  });

  it('waits for a slow copy to finish before it ends', async () => {
    let finished = false;
    const slow = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, callback) => setImmediate(callback),
      final: (callback) =>
        setTimeout(() => {
          finished = true;
          callback();
        }, 100),
    });
    await runStage(new KeepLocal(slow), input);
    expect(finished).toBe(true);
  });
});
