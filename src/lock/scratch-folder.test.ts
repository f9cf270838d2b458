import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { deadOwner, ownerOfAnotherBoot, STRANGERS } from '../../test/fixtures/owners.ts';
import { makeScratchFolder } from './scratch-folder.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'scratch-'));
  vi.stubEnv('TMPDIR', parent);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});

/** A folder with something in it, last written to `idle` seconds ago. */
function leave(name: string, idle = 0): string {
  const path = join(parent, name);
  mkdirSync(path);
  writeFileSync(join(path, 'ibdata1'), 'data');
  const then = Date.now() / 1000 - idle;
  utimesSync(path, then, then);
  return path;
}

it('a temporary folder is private, and goes when it is disposed of', async () => {
  const { path, [Symbol.asyncDispose]: remove } = await makeScratchFolder('verify');
  expect(lstatSync(path).mode & 0o777).toBe(0o700);
  writeFileSync(join(path, 'ibdata1'), 'data');
  await remove();
  expect(existsSync(path)).toBe(false);
});

it('what a killed run has left goes with the next one; that of a live run, of another container, or of anybody else, stays', async () => {
  const killed = leave(`twindb-verify-${deadOwner()}`);
  const beforeBoot = leave(`twindb-verify-${ownerOfAnotherBoot()}`, uptime() + 60);
  await using live = await makeScratchFolder('verify');
  const weeks = 30 * 24 * 3600;
  const others = [
    leave(`twindb-binlog-${deadOwner()}`),
    leave('twindb-verify-mine'),
    leave(`my-twindb-verify-${deadOwner()}`),
    // Those who share TMPDIR may need it for weeks without writing to it.
    ...Object.values(STRANGERS).map((owner) => leave(`twindb-verify-${owner()}`, weeks)),
  ];
  const link = join(parent, `twindb-verify-${deadOwner()}`);
  symlinkSync(others[0] ?? '', link);
  if (process.getuid?.() === 0) {
    const foreign = leave(`twindb-verify-${deadOwner()}`);
    chownSync(foreign, 65_534, 65_534);
    others.push(foreign);
  }
  await using _next = await makeScratchFolder('verify');
  expect([existsSync(killed), existsSync(beforeBoot)]).toEqual([false, false]);
  for (const path of [live.path, ...others, link]) expect(existsSync(path)).toBe(true);
});

it('a TMPDIR that cannot be written to is named, with what to do', async () => {
  vi.stubEnv('TMPDIR', join(parent, 'absent'));
  await expect(makeScratchFolder('verify')).rejects.toThrow(
    `Cannot make a temporary folder in ${parent}/absent`,
  );
});
