import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigError } from '../errors.ts';
import { readConfigFile } from './read-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-file-'));
const file = join(folder, 'cfg');
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Uint8Array, mode = 0o600) {
  writeFileSync(file, content);
  chmodSync(file, mode);
  return readConfigFile(file);
}

test.each([
  [
    'that is absent',
    join(folder, 'absent.cfg'),
    'ENOENT',
    'Create it, or name another file with --config PATH.',
  ],
  ['that is a directory', folder, 'EISDIR', 'Name a readable file with --config PATH.'],
  [
    'below a file',
    join(import.meta.filename, 'x.cfg'),
    'ENOTDIR',
    'Name a readable file with --config PATH.',
  ],
])('a file %s is an error that names it, the reason and a remedy', (_case, path, reason, remedy) => {
  const attempt = () => readConfigFile(path);
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(`Cannot read the configuration file ${path}`);
  expect(attempt).toThrow(
    expect.objectContaining({ remedy, cause: expect.objectContaining({ code: reason }) }),
  );
});

test('a byte order mark is dropped, one inside the text stays', () => {
  expect(read('\uFEFF[a]\uFEFF').text).toBe('[a]\uFEFF');
});

test('comments may be in another encoding', () => {
  expect(read(Buffer.from('[a]\n # f\u00FCr\n;\u00FC\nb=1', 'latin1')).text).toContain('b=1');
});

test.each(['[\u00FC]', '\u00FC=1', 'b=\u00FC', 'b=1 # \u00FC'])(
  '%j in another encoding is an error with its line',
  (line) => {
    const attempt = () => read(Buffer.from(`[a]\r\n# \u00FC\r\n${line}\r\n`, 'latin1'));
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(`${file}: line 3: this is not UTF-8`);
  },
);

test('the replacement character itself is a character like any other', () => {
  expect(read('b=\uFFFD').text).toBe('b=\uFFFD');
});

test.each([
  [0o600, false],
  [0o711, false],
  [0o640, true],
  [0o604, true],
])('with mode 0%o others may read it: %j', (mode, readableByOthers) => {
  expect(read('', mode).readableByOthers).toBe(readableByOthers);
});

test.each([0o602, 0o666])('with mode 0%o everyone may write it, so it is refused', (mode) => {
  expect(() => read('', mode)).toThrow(
    `The configuration file ${file} is not used: everyone may write to it`,
  );
});
