import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeError } from '../../errors.ts';
import { claimEmptyFolder, leastSize, leaveEmpty, measureSpace, requireSpace } from './empty-folder.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-empty-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const refusal = () => claimEmptyFolder(dir).then(() => '', describeError);

describe('a folder to restore into', () => {
  it('is made when it is absent, and claimed', async () => {
    const claim = await claimEmptyFolder(join(dir, 'new'));
    expect(readdirSync(join(dir, 'new')).map((name) => join(dir, 'new', name))).toEqual([claim]);
  });

  it('is refused when something is in it, and that is left alone', async () => {
    writeFileSync(join(dir, 'precious'), '');
    expect(await refusal()).toContain(`Cannot restore into ${dir}: it is not empty`);
    expect(readdirSync(dir)).toEqual(['precious']);
  });

  it('is of one only when many want it at once, and the claim of that one stays', async () => {
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => claimEmptyFolder(dir)));
    const [first, ...others] = all.toSorted((a, b) => a.status.localeCompare(b.status));
    expect(first?.status).toBe('fulfilled');
    for (const each of others) {
      expect(each.status === 'rejected' && describeError(each.reason)).toContain(
        'another restore is at work',
      );
    }
    expect(readdirSync(dir)).toHaveLength(1);
  });

  it('is refused when a restore that was killed has left its claim', async () => {
    await claimEmptyFolder(dir);
    const message = await refusal();
    expect(message).toContain('another restore is at work there, or was killed');
    expect(message).toContain('empty this one');
  });

  it('is left empty by a restore that failed, or with the claim alone when it goes on', async () => {
    const claim = await claimEmptyFolder(dir);
    mkdirSync(join(dir, 'half'));
    await leaveEmpty(dir, new Error('damaged'), 'claimed');
    expect(readdirSync(dir).map((name) => join(dir, name))).toEqual([claim]);
    writeFileSync(join(claim, 'half'), '');
    await leaveEmpty(dir, new Error('damaged'));
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a folder that cannot be emptied', () => {
  it('is told of once, however many have tried', async () => {
    const absent = join(dir, 'absent');
    const failure = (error: unknown) =>
      leaveEmpty(absent, error).then(
        () => undefined,
        (each: unknown) => each,
      );
    const first = await failure(new Error('damaged'));
    const second = await failure(first);
    expect(describeError(second).match(/could not be removed/g)).toHaveLength(1);
    expect(describeError(second)).toContain(`damaged\nWhat was restored could not be removed from ${absent}`);
  });
});

describe('the least that a copy takes', () => {
  const on = (mayCompress: boolean, unpacked: number | undefined) =>
    leastSize({ mayCompress }, { packed: 10, unpacked });

  it('is what its status says, and never less than its object', () => {
    expect([on(false, 50), on(false, 9), on(false, undefined)]).toEqual([50, 10, 10]);
  });

  it('is its object alone where the file system may compress', () => {
    expect(on(true, 50)).toBe(10);
  });

  it('may be less on any file system but those known to take what they get', async () => {
    const mayCompress = async (path: string) => (await measureSpace(path)).mayCompress;
    expect(await mayCompress('/dev/shm')).toBe(false);
    expect(await mayCompress('/proc')).toBe(true);
  });

  it('is refused when there is not as much left, and only then', async () => {
    const space = { ...(await measureSpace(dir)), free: 1000 };
    expect(() => requireSpace(space, 1000)).not.toThrow();
    expect(() => requireSpace(space, 1001)).toThrow(`not enough space in ${dir}`);
  });
});
