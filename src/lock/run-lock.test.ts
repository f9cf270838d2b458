import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deadOwner, ownerOfAnotherBoot, STRANGERS } from '../../test/fixtures/owners.ts';
import { InterruptedError, LockTimeoutError } from '../errors.ts';
import { readHolder, writeHolder } from './lock-holder.ts';
import { newPartialName } from './owner.ts';
import { holdLock } from './run-lock.ts';

const signal = new AbortController().signal;
const HOLDING = { what: 'the daily backup', limitSeconds: 24 * 3600 };
const onLost = (error: Error) => {
  throw error;
};

const common = { holding: HOLDING, signal, onLost };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(folder, 'run');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

describe('the lock of a run', () => {
  it('is the folder PATH.lock while it is held, and gone afterwards', async () => {
    {
      await using _lock = await holdLock({ path, waitSeconds: 0, ...common });
      expect(existsSync(`${path}.lock`)).toBe(true);
    }
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('is refused while another run refreshes it', async () => {
    mkdirSync(`${path}.lock`);
    await expect(holdLock({ path, waitSeconds: 0.7, ...common })).rejects.toBeInstanceOf(LockTimeoutError);
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  it('is taken as soon as the other run is done', async () => {
    const first = await holdLock({ path, waitSeconds: 0, ...common });
    setTimeout(() => void first[Symbol.asyncDispose](), 700);
    await using _second = await holdLock({ path, waitSeconds: 10, ...common });
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  it('is taken over from a run that was killed', async () => {
    mkdirSync(`${path}.lock`);
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(`${path}.lock`, longAgo, longAgo);
    await using _lock = await holdLock({ path, waitSeconds: 0, ...common });
    expect(existsSync(`${path}.lock`)).toBe(true);
  });

  it('stops waiting when it is interrupted', async () => {
    mkdirSync(`${path}.lock`);
    const stop = new AbortController();
    setTimeout(() => stop.abort(new InterruptedError('SIGTERM')), 200);
    const waiting = holdLock({ path, waitSeconds: 60, ...common, signal: stop.signal });
    await expect(waiting).rejects.toBeInstanceOf(InterruptedError);
  });

  it('says what to do when the folder does not exist', async () => {
    const nowhere = join(folder, 'no', 'run');
    await expect(holdLock({ path: nowhere, waitSeconds: 0, ...common })).rejects.toMatchObject({
      message: `Cannot take the lock ${nowhere}.lock`,
      remedy: expect.stringContaining('--lock-file') as string,
    });
  });

  it('names its holder, and says who that is to a run that has waited', async () => {
    await using _lock = await holdLock({ path, waitSeconds: 0, ...common });
    expect(readHolder(`${path}.lock`)).toMatchObject({ state: 'alive', holding: HOLDING });
    const refused = holdLock({ path, waitSeconds: 0, ...common });
    await expect(refused).rejects.toThrow(
      new RegExp(`after 0 s: the daily backup \\(process ${process.pid}\\), begun 20\\d\\d-`),
    );
    await expect(refused).rejects.toMatchObject({ isOverdue: false });
  });

  it('says so when its holder has it for more than twice as long as it should', async () => {
    for (const [hours, isOverdue] of [
      [47, false],
      [49, true],
    ] as const) {
      plant(newPartialName(), { hours });
      await expect(holdLock({ path, waitSeconds: 0, ...common })).rejects.toMatchObject({ isOverdue });
      rmSync(`${path}.lock`, { recursive: true });
    }
  });

  it.each([
    ['just refreshed', 0],
    ['dated in the future', 365 * 24 * 3600],
  ])('is taken at once from a dead run of this machine, though %s', async (_what, ahead) => {
    for (const owner of [deadOwner(), ownerOfAnotherBoot()]) {
      plant(owner, { ahead });
      await using lock = await holdLock({ path, waitSeconds: 0, ...common });
      expect(lock.isHeld()).toBe(true);
    }
  });

  it('is not taken from a live run of this machine, however long that has not refreshed it', async () => {
    plant(newPartialName(), { ahead: -3600 });
    await expect(holdLock({ path, waitSeconds: 0.7, ...common })).rejects.toBeInstanceOf(LockTimeoutError);
  });

  it.each(Object.entries(STRANGERS))(
    'of %s is taken when it is not refreshed, and only then',
    async (_who, owner) => {
      plant(owner(), {});
      await expect(holdLock({ path, waitSeconds: 0, ...common })).rejects.toBeInstanceOf(LockTimeoutError);
      setTime(-60);
      await using lock = await holdLock({ path, waitSeconds: 0, ...common });
      expect(lock.isHeld()).toBe(true);
    },
  );

  it.each(['nobody', 'a stranger'])(
    'that is dated in the future and names %s is taken when nobody is seen to refresh it',
    async (who) => {
      if (who === 'nobody') mkdirSync(`${path}.lock`);
      else plant(STRANGERS['another machine']?.() ?? '', {});
      setTime(365 * 24 * 3600);
      // Each millisecond of waiting counts as forty.
      const now = performance.now.bind(performance);
      vi.spyOn(performance, 'now').mockImplementation(() => now() * 40);
      await using lock = await holdLock({ path, waitSeconds: 5, ...common });
      expect(lock.isHeld()).toBe(true);
    },
  );

  it('of a dead run is taken by one only of many that want it at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      plant(deadOwner(), {});
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, () => holdLock({ path, waitSeconds: 0, ...common })),
      );
      const held = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const failed = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as Error] : [],
      );
      expect([held.length, held[0]?.isHeld()]).toEqual([1, true]);
      for (const error of failed) expect(error).toBeInstanceOf(LockTimeoutError);
      await held[0]?.[Symbol.asyncDispose]();
      expect(existsSync(`${path}.lock`)).toBe(false);
    }
  });

  it('that another run has acquired is left to it', async () => {
    const lock = await holdLock({ path, waitSeconds: 0, ...common });
    rmSync(`${path}.lock`, { recursive: true });
    expect(lock.isHeld()).toBe(false);
    const theirs = newPartialName();
    plant(theirs, {});
    await lock[Symbol.asyncDispose]();
    expect(readdirSync(`${path}.lock`)).toEqual([theirs]);
  });
});

/** A lock as the run of this owner would have left it: acquired `hours` ago, refreshed `ahead` seconds from now. */
function plant(owner: string, { hours = 0, ahead = 0 }: { hours?: number; ahead?: number }): void {
  mkdirSync(`${path}.lock`);
  writeHolder(`${path}.lock`, owner, HOLDING, Date.now() - hours * 3_600_000);
  setTime(ahead);
}

function setTime(ahead: number): void {
  const then = Date.now() / 1000 + ahead;
  utimesSync(`${path}.lock`, then, then);
}
