import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pinFolder } from './pinned-folder.ts';
import { emptyFolder, removeFolder } from './remove-folder.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-remove-'));
  mkdirSync(join(dir, 'outside'));
  writeFileSync(join(dir, 'outside/canary'), '');
});
afterEach(() => {
  expect(readdirSync(join(dir, 'outside'))).toEqual(['canary']);
  rmSync(dir, { recursive: true });
});

const tree = () => join(dir, 'tree');

it('removes what is below, closed folders and names that are not UTF-8 too, and no target of a link', async () => {
  const odd = Buffer.concat([Buffer.from(`${tree()}/d`), Buffer.of(0xe9)]);
  mkdirSync(Buffer.concat([odd, Buffer.from('/e')]), { recursive: true });
  chmodSync(odd, 0o000);
  symlinkSync(join(dir, 'outside'), join(tree(), 'link'));
  await removeFolder(tree());
  expect(existsSync(tree())).toBe(false);
});

it('removes a tree that is deeper than any path may be long', async () => {
  mkdirSync(tree());
  const start = process.cwd();
  process.chdir(tree());
  for (let depth = 0; depth < 100; depth++) {
    mkdirSync('x'.repeat(200));
    process.chdir('x'.repeat(200));
  }
  process.chdir(start);
  await removeFolder(tree());
  expect(existsSync(tree())).toBe(false);
});

it('removes a link that has taken the place of the folder, and not what it leads to', async () => {
  symlinkSync(join(dir, 'outside'), tree());
  await removeFolder(tree());
  expect(readdirSync(dir)).toEqual(['outside']);
});

it('is content with a folder that is absent', async () => {
  await removeFolder(tree());
});

it('empties the folder that was opened, whatever has its name by then', async () => {
  mkdirSync(join(tree(), 'inner'), { recursive: true });
  await using folder = await pinFolder(tree());
  rmSync(tree(), { recursive: true });
  symlinkSync(join(dir, 'outside'), tree());
  await emptyFolder(folder).catch(() => undefined);
});
