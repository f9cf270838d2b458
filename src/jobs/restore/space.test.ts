import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { leastSize, measureSpace, requireSpace } from './space.ts';

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
    const mayCompress = async (path: string) => (await measureSpace(path, path)).mayCompress;
    expect(await mayCompress('/dev/shm')).toBe(false);
    expect(await mayCompress('/proc')).toBe(true);
  });

  it('is refused when there is not as much left, and only then', async () => {
    const space = { ...(await measureSpace(tmpdir(), '/named')), free: 1000 };
    expect(() => requireSpace(space, 1000)).not.toThrow();
    expect(() => requireSpace(space, 1001)).toThrow('not enough space in /named');
  });
});
