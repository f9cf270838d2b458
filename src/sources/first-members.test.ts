import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FirstMembers } from './first-members.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'twindb-members-'));
  for (const folder of ['empty', 'with-folder/inner', 'with-file', `long-${'n'.repeat(200)}`])
    mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'with-file/file'), '');
  writeFileSync(join(dir, 'file'), '');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function archive(name: string, ...options: string[]): Buffer {
  return execFileSync('tar', ['--create', '--file=-', ...options, '--directory', dir, name]);
}

function judge(bytes: Buffer, pieces = bytes.length): boolean | undefined {
  const members = new FirstMembers();
  for (let offset = 0; offset < bytes.length; offset += pieces)
    members.take(bytes.subarray(offset, offset + pieces));
  return members.isEmpty;
}

describe('the first members of an archive', () => {
  const longName = `long-${'n'.repeat(200)}`;

  it('are one folder when the directory is empty', () => {
    expect(judge(archive('empty'))).toBe(true);
  });

  it('are more with an empty file or an empty folder in it', () => {
    expect(judge(archive('with-file'))).toBe(false);
    expect(judge(archive('with-folder'))).toBe(false);
  });

  it('are no folder when a file was archived', () => {
    expect(judge(archive('file'))).toBe(false);
  });

  it.each([
    ['a long name, GNU', longName, ['--format=gnu']],
    ['a long name, pax', longName, ['--format=posix']],
    ['times in a pax header', 'empty', ['--format=posix']],
    ['a label', 'empty', ['--label=backup']],
  ])('are told apart from what describes them: %s', (_title, name, options) => {
    expect(judge(archive(name, ...options))).toBe(true);
  });

  it('are found in pieces of any size', () => {
    for (const pieces of [1, 511, 512, 513, 4096]) {
      expect(judge(archive(longName, '--format=posix'), pieces)).toBe(true);
      expect(judge(archive('with-file', '--format=posix'), pieces)).toBe(false);
    }
  });

  it('are not known before the archive has come that far, or when it is none', () => {
    expect(judge(archive('empty').subarray(0, 512))).toBeUndefined();
    expect(judge(Buffer.alloc(0))).toBeUndefined();
    expect(judge(Buffer.alloc(1024, 'x'))).toBe(false);
    expect(judge(Buffer.alloc(1024))).toBe(false);
  });
});
