import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownAccounts } from '../writers.ts';
import { findFolderWriters } from './folder-writers.ts';

let dir: string;
let parent: string;
let folder: string;
beforeEach(() => {
  // /tmp has the sticky bit, and everyone may write to it.
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'twindb-writers-')));
  parent = join(dir, 'parent');
  folder = join(parent, 'folder');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true }));

const find = (path = folder) => findFolderWriters(path, ownAccounts());

it('finds none for a folder of ours, also one that is absent, or below a sticky folder', async () => {
  expect(await find()).toBeUndefined();
  expect(await find(join(folder, 'new/er'))).toBeUndefined();
  chmodSync(parent, 0o1777);
  expect(await find()).toBeUndefined();
  expect(await find(join(parent, 'new'))).toBeUndefined();
});

it('finds everyone in the folder itself, sticky or not', async () => {
  for (const mode of [0o777, 0o1777]) {
    chmodSync(folder, mode);
    expect(await find()).toBe('everyone may write to it');
  }
});

it('names the folder above in which it may be exchanged, also above one that is absent', async () => {
  chmodSync(parent, 0o777);
  expect(await find()).toBe(`${parent}: everyone may write to it`);
  expect(await find(join(parent, 'new/er'))).toBe(`${parent}: everyone may write to it`);
});

it('looks at where a link leads', async () => {
  chmodSync(folder, 0o777);
  symlinkSync(folder, join(dir, 'link'));
  expect(await find(join(dir, 'link'))).toBe(`${folder}: everyone may write to it`);
});
