import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newPartialName } from './owner.ts';
import { readPlainFile, replaceFile } from './replace-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-replace-'));
  path = join(dir, 'file');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The name that a process chose which had our PID before us. */
const nameOfDead = () => newPartialName().replace(/-\d+(-[0-9a-f]{8})$/, '-1$1');

it('makes the file with exactly this mode, replaces it, and leaves nothing else', async () => {
  await replaceFile(path, 'one', 0o666);
  await replaceFile(path, 'two', 0o666);
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(statSync(path).mode & 0o777).toBe(0o666);
  expect(readdirSync(dir)).toEqual(['file']);
});

it('replaces a link instead of writing to where it leads, and passes by one under the name of old', async () => {
  const victim = join(dir, 'victim');
  writeFileSync(victim, 'precious');
  for (const planted of [path, `${path}.new`]) symlinkSync(victim, planted);
  await replaceFile(path, 'one', 0o644);
  expect(readFileSync(victim, 'utf8')).toBe('precious');
  expect(readFileSync(path, 'utf8')).toBe('one');
});

it('leaves the file as it was when it cannot be replaced, and nothing else', async () => {
  mkdirSync(join(path, 'in'), { recursive: true });
  await expect(replaceFile(path, 'one', 0o644)).rejects.toThrow();
  expect(readdirSync(dir)).toEqual(['file']);
});

it('removes what killed runs have left, and nothing that another one is writing', async () => {
  const [dead, alive, foreign] = [nameOfDead(), newPartialName(), 'z'];
  for (const name of [dead, alive, foreign]) writeFileSync(`${path}.${name}.new`, '');
  utimesSync(`${path}.${foreign}.new`, 1, 1);
  writeFileSync(join(dir, `other.${dead}.new`), '');
  await replaceFile(path, 'one', 0o644);
  const kept = ['file', `file.${alive}.new`, `file.${foreign}.new`, `other.${dead}.new`];
  expect(readdirSync(dir).toSorted()).toEqual(kept.toSorted());
});

it('reads a file that is there, and waits for nothing that is none', async () => {
  expect(await readPlainFile(path)).toBeUndefined();
  writeFileSync(path, 'one');
  expect(await readPlainFile(path)).toBe('one');
  execFileSync('mkfifo', [`${path}.fifo`]);
  await expect(readPlainFile(`${path}.fifo`)).rejects.toThrow('no ordinary file');
  expect(existsSync(`${path}.fifo`)).toBe(true);
});
