import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendLine, findLogFolderDoubts } from './log-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'log-file-'));
  path = join(dir, 'log.json');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('a log file', () => {
  it.each([0o000, 0o077])('is made for its user and group, whatever the umask (%o)', (mask) => {
    const before = process.umask(mask);
    try {
      appendLine(path, 'a\n');
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('keeps the mode and the lines that it has', () => {
    writeFileSync(path, 'old\n');
    chmodSync(path, 0o600);
    appendLine(path, 'a\n');
    appendLine(path, 'b\n');
    expect(readFileSync(path, 'utf8')).toBe('old\na\nb\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('that was renamed gets no more: the next line is in a new one', () => {
    appendLine(path, 'a\n');
    renameSync(path, `${path}.1`);
    appendLine(path, 'b\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('a\n');
    expect(readFileSync(path, 'utf8')).toBe('b\n');
  });

  it('whose last line was cut goes on in a line of its own', () => {
    appendFileSync(path, '{"msg":"cu');
    appendLine(path, 'a\n');
    expect(readFileSync(path, 'utf8')).toBe('{"msg":"cu\na\n');
  });

  it('is no link to another file', () => {
    writeFileSync(join(dir, 'other'), 'other');
    symlinkSync(join(dir, 'other'), path);
    expect(() => appendLine(path, 'a\n')).toThrow(/symbolic links/);
    rmSync(path);
    symlinkSync(join(dir, 'absent'), path);
    expect(() => appendLine(path, 'a\n')).toThrow(/symbolic links/);
    expect(existsSync(join(dir, 'absent'))).toBe(false);
    rmSync(path);
    linkSync(join(dir, 'other'), path);
    expect(() => appendLine(path, 'a\n')).toThrow('hard link');
    expect(readFileSync(join(dir, 'other'), 'utf8')).toBe('other');
  });

  it('is no FIFO, which nothing waits for, and no folder', () => {
    execFileSync('mkfifo', [path]);
    expect(() => appendLine(path, 'a\n')).toThrow('no ordinary file');
    rmSync(path);
    mkdirSync(path);
    expect(() => appendLine(path, 'a\n')).toThrow(/directory/);
  });
});

describe('the folder of a log file', () => {
  it('is no doubt while it is its own', async () => {
    expect(await findLogFolderDoubts(path)).toEqual([]);
  });

  it('that others may write to is one', async () => {
    chmodSync(dir, 0o777);
    expect(await findLogFolderDoubts(path)).toEqual([
      {
        state: `writers of ${path}`,
        message: `Other accounts may replace the log file ${path}, as they may change its folder ${dir}: everyone may write to it`,
      },
    ]);
  });
});
