import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError, LockTimeoutError } from '../errors.ts';
import { holdLock } from './run-lock.ts';

const signal = new AbortController().signal;
const onLost = (error: Error) => {
  throw error;
};

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(folder, 'run');
});
afterEach(() => rm(folder, { recursive: true }));

describe('the lock of a run', () => {
  it('is the folder PATH.lock while it is held, and gone afterwards', async () => {
    {
      await using _lock = await holdLock({ path, waitSeconds: 0, signal, onLost });
      expect(existsSync(`${path}.lock`)).toBe(true);
    }
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('is refused while another run refreshes it', async () => {
    mkdirSync(`${path}.lock`);
    await expect(holdLock({ path, waitSeconds: 0.7, signal, onLost })).rejects.toBeInstanceOf(
      LockTimeoutError,
    );
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  it('is taken as soon as the other run is done', async () => {
    const first = await holdLock({ path, waitSeconds: 0, signal, onLost });
    setTimeout(() => void first[Symbol.asyncDispose](), 700);
    await using _second = await holdLock({ path, waitSeconds: 10, signal, onLost });
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  it('is taken over from a run that was killed', async () => {
    mkdirSync(`${path}.lock`);
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(`${path}.lock`, longAgo, longAgo);
    await using _lock = await holdLock({ path, waitSeconds: 0, signal, onLost });
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  it('stops waiting when it is interrupted', async () => {
    mkdirSync(`${path}.lock`);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new InterruptedError('SIGTERM')), 200);
    const waiting = holdLock({ path, waitSeconds: 60, signal: stop.signal, onLost });
    await expect(waiting).rejects.toBeInstanceOf(InterruptedError);
  });

  it('says what to do when the folder does not exist', async () => {
    const nowhere = join(folder, 'no', 'run');
    await expect(holdLock({ path: nowhere, waitSeconds: 0, signal, onLost })).rejects.toMatchObject({
      message: `Cannot take the lock ${nowhere}.lock`,
      remedy: expect.stringContaining('--lock-file') as string,
    });
  });
});
