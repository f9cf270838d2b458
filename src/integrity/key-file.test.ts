import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, describeError, TwinDbError } from '../errors.ts';
import { makeKeyFile, readKeyFile } from './key-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-file-'));
  file = join(folder, 'integrity.key');
});
afterEach(() => rmSync(folder, { recursive: true }));

const NOW = new Date('2026-11-26T03:15:00.789Z');
const HEX = 'ab'.repeat(32);

function errorOf(content: string, mode = 0o600): string {
  writeFileSync(file, content);
  chmodSync(file, mode);
  try {
    readKeyFile(file);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return describeError(error);
  }
  throw new Error('The file was accepted');
}

describe('a key file that is made', () => {
  it('has one key, named by its time, that nobody else can read', () => {
    const made = makeKeyFile(file, NOW);
    expect(readFileSync(file, 'utf8')).toMatch(/^20261126T031500Z-[0-9a-f]{8} [0-9a-f]{64}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readKeyFile(file)).toEqual(made);
    expect(made).toMatchObject({ since: Date.UTC(2026, 10, 26, 3, 15) / 1000, problem: undefined });
    expect(readdirSync(folder)).toEqual(['integrity.key']);
    expect(makeKeyFile(join(folder, 'other'), NOW).keys[0].secret).not.toEqual(made.keys[0].secret);
  });

  it('is the one that is there, when another process was first', () => {
    const first = makeKeyFile(file, NOW);
    expect(makeKeyFile(file, NOW)).toEqual(first);
    expect(readdirSync(folder)).toEqual(['integrity.key']);
  });

  it('leads nowhere through a link that somebody has planted', () => {
    symlinkSync(join(folder, 'elsewhere'), file);
    expect(() => makeKeyFile(file, NOW)).toThrow(TwinDbError);
    expect(readdirSync(folder)).toEqual(['integrity.key']);
  });

  it('cannot be in a folder that is not there: the error names the file', () => {
    expect(() => makeKeyFile(join(folder, 'no', 'k'), NOW)).toThrow(
      `Cannot make the integrity key ${folder}/no/k`,
    );
  });
});

describe('a key file', () => {
  it('that is not there is no error', () => {
    expect(readKeyFile(file)).toBeUndefined();
  });

  it('may have several keys, of which the first signs and the oldest tells since when', () => {
    writeFileSync(
      file,
      `# new\n20270101T000000Z-aa ${HEX}\n\n20260101T000000Z-bb ${HEX} # of the old machine\n`,
      { mode: 0o600 },
    );
    const read = readKeyFile(file);
    expect(read?.keys.map(({ id }) => id)).toEqual(['20270101T000000Z-aa', '20260101T000000Z-bb']);
    expect(read?.since).toBe(Date.UTC(2026) / 1000);
  });

  it('with an ID that tells no time signs since ever: nothing that is not signed is older', () => {
    writeFileSync(file, `mine ${HEX}\n20260101T000000Z-bb ${'cd'.repeat(32)}\n`, { mode: 0o600 });
    expect(readKeyFile(file)?.since).toBe(0);
  });

  it.each([
    ['', 'there is no key in this file'],
    ['# nothing\n', 'there is no key in this file'],
    [`a ${HEX}\nb short\n`, 'line 2 is not an ID and a key of 64 hex digits'],
    [`a ${HEX}\na ${HEX}\n`, 'line 2 repeats the ID a'],
    [`a:b ${HEX}\n`, 'line 1 is not an ID'],
  ])('with %j is refused, and the key is not shown', (content, problem) => {
    const message = errorOf(content);
    expect(message).toContain(problem);
    expect(message).not.toContain(HEX);
  });

  it('that anyone may write is refused, and one that others may read is complained of', () => {
    expect(errorOf(`a ${HEX}\n`, 0o602)).toContain('is not used: everyone may write to it');
    chmodSync(file, 0o644);
    expect(readKeyFile(file)?.problem).toContain(`chmod 600 ${file}`);
  });
});
