import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeScratchFolder } from './scratch-folder.ts';

/** No process has started at tick 1. */
const DEAD = '1-1-0123456789abcdef';
const HERE = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'scratch-'));
  vi.stubEnv('TMPDIR', parent);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});

/** A folder with something in it. */
function leave(name: string): string {
  mkdirSync(join(parent, name));
  writeFileSync(join(parent, name, 'ibdata1'), 'data');
  return join(parent, name);
}

it('a temporary folder is private, and goes when it is disposed of', async () => {
  const { path, [Symbol.asyncDispose]: remove } = await makeScratchFolder('verify');
  expect(lstatSync(path).mode & 0o777).toBe(0o700);
  writeFileSync(join(path, 'ibdata1'), 'data');
  await remove();
  expect(existsSync(path)).toBe(false);
});

it('what a killed run has left goes with the next one; that of a live run, of another container, or of anybody else, stays', async () => {
  const killed = leave(`twindb-verify-${DEAD}-${HERE}`);
  await using live = await makeScratchFolder('verify');
  const others = [
    leave(`twindb-binlog-${DEAD}-${HERE}`),
    leave('twindb-verify-mine'),
    leave(`my-twindb-verify-${DEAD}-${HERE}`),
    // A container with the same TMPDIR: its process 1 is not ours.
    leave(`twindb-verify-${DEAD}-${Number(HERE) + 1}`),
  ];
  const link = join(parent, `twindb-verify-${DEAD}0-${HERE}`);
  symlinkSync(others[0] ?? '', link);
  if (process.getuid?.() === 0) {
    const foreign = leave(`twindb-verify-${DEAD}1-${HERE}`);
    chownSync(foreign, 65_534, 65_534);
    others.push(foreign);
  }
  await using _next = await makeScratchFolder('verify');
  expect(existsSync(killed)).toBe(false);
  for (const path of [live.path, ...others, link]) expect(existsSync(path)).toBe(true);
});

it('a TMPDIR that cannot be written to is named, with what to do', async () => {
  vi.stubEnv('TMPDIR', join(parent, 'absent'));
  await expect(makeScratchFolder('verify')).rejects.toThrow(
    `Cannot make a temporary folder in ${parent}/absent`,
  );
});
