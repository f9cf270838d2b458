import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyFoldersBelow } from './copy-folders.ts';

describe('the folders that a copy must leave out', () => {
  let dir: string;
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'twindb-folders-')));
    mkdirSync(join(dir, 'data/backup'), { recursive: true });
    symlinkSync('data', join(dir, 'linked'));
    symlinkSync('data/backup', join(dir, 'backup'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const find = (path: string, backupDir: string, keepLocalPath?: string) =>
    copyFoldersBelow(path.replace('DIR', dir), {
      destination: { kind: 'local', backupDir: backupDir.replace('DIR', dir) },
      keepLocalPath: keepLocalPath?.replace('DIR', dir),
    });

  it.each([
    ['a folder below it', 'DIR/data', 'DIR/data/backup', 'DIR/data/backup'],
    ['one that does not exist yet', 'DIR/data', 'DIR/data/new/er', 'DIR/data/new/er'],
    ['one that is configured by a link', 'DIR/data', 'DIR/backup', 'DIR/data/backup'],
    ['one below a directory that is reached by a link', 'DIR/linked', 'DIR/data/backup', 'DIR/linked/backup'],
    ['any, for the root', '/', 'DIR/backup', 'DIR/data/backup'],
  ])('%s', async (_, path, folder, expected) => {
    expect(await find(path, folder)).toEqual([expected.replace('DIR', dir)]);
  });

  it('the one of keep_local_path as well', async () => {
    expect(await find('DIR/data', '/elsewhere', 'DIR/data/kept')).toEqual([join(dir, 'data/kept')]);
  });

  it('none that lies elsewhere or only begins with the same letters', async () => {
    expect(await find('DIR/data', 'DIR/data2', '/elsewhere')).toEqual([]);
  });

  it.each(['DIR/data/backup', 'DIR/backup/x', 'DIR/linked/backup'])(
    'and %s is refused, because it holds nothing else',
    async (path) => {
      await expect(find(path, 'DIR/data/backup')).rejects.toThrow('which holds the copies');
    },
  );
});
