import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Destination } from '../../src/destinations/destination.ts';
import { openLocal } from '../../src/destinations/local/driver.ts';
import type { Log } from '../../src/log.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
const top = mkdtempSync(join(tmpdir(), 'twindb-local-'));
const mounts: string[] = [];
let folders = 0;

afterAll(() => {
  for (const mount of mounts) spawnSync('umount', [mount]);
  rmSync(top, { recursive: true });
});

/** A new empty folder, gone when the tests of this file are over. */
export function newFolder(): string {
  const folder = join(top, String(folders++));
  mkdirSync(folder);
  return folder;
}

/** A file system of its own on a new folder; undefined where this user or this machine cannot mount. */
export function mountTmpfs(options: string): string | undefined {
  const folder = newFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status !== 0) return undefined;
  mounts.push(folder);
  return folder;
}

export const openFolder = (backupDir: string): Destination => openLocal({ kind: 'local', backupDir }, log);

/** Paths of what is half-written for `host`. */
export async function listPartials(backupDir: string, host: string): Promise<string[]> {
  const folder = join(backupDir, host, '.partial');
  return existsSync(folder) ? (await readdir(folder)).map((name) => join(folder, name)) : [];
}

/** Dates every file in a folder as last written `ms` milliseconds ago. */
export function backdate(folder: string, ms: number): void {
  const then = (Date.now() - ms) / 1000;
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), then, then);
}
