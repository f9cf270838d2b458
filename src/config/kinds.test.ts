import { homedir } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  absolutePath,
  type Kind,
  oneOf,
  path,
  remotePath,
  secret,
  size,
  text,
  webUrl,
  wholeNumber,
  words,
  yesNo,
} from './kinds.ts';

const MIB = 1024 ** 2;
const part = size(5 * MIB, 5 * 1024 * MIB, 'a size');

const CASES: readonly [string, Kind<unknown>, readonly (readonly [string, unknown])[]][] = [
  ['text is taken as it is', text, [[' a "b" ', ' a "b" ']]],
  [
    'booleans are those of Python, in any case',
    yesNo,
    [
      ...['yes', 'on', 'true', '1', 'YES', 'On', 'tRUE'].map((word) => [word, true] as const),
      ...['no', 'off', 'false', '0', 'NO', 'Off', 'fALSE'].map((word) => [word, false] as const),
      ...['', 'y', 'n', '2', 'yes no', 'yes\nno'].map((word) => [word, undefined] as const),
    ],
  ],
  [
    'a count starts at zero and has digits only',
    wholeNumber(0),
    [
      ['0', 0],
      ['007', 7],
      ['9007199254740991', Number.MAX_SAFE_INTEGER],
      ...['', '-1', '1.5', '1e3', '0x10', 'seven', '7 8', '٧', '9007199254740993'].map(
        (n) => [n, undefined] as const,
      ),
    ],
  ],
  [
    'both ends of a range belong to it',
    wholeNumber(1, 65_535),
    [
      ['0', undefined],
      ['1', 1],
      ['65535', 65_535],
      ['65536', undefined],
    ],
  ],
  [
    'one of several words, in exactly this case',
    oneOf(['AES256', 'aws:kms']),
    [
      ['aws:kms', 'aws:kms'],
      ['AWS:KMS', undefined],
      ['', undefined],
    ],
  ],
  [
    'a path loses slashes at its end and gets the home directory',
    path,
    [
      ['/a/b//', '/a/b'],
      ['/', '/'],
      ['///', '/'],
      ['xtrabackup', 'xtrabackup'],
      ['~/.ssh/k', `${homedir()}/.ssh/k`],
      ['/a/~/b', '/a/~/b'],
    ],
  ],
  [
    'an absolute path starts at the root or at home',
    absolutePath,
    [
      ['/a/', '/a'],
      ['~/a', `${homedir()}/a`],
      ['a/b', undefined],
      ['./a', undefined],
    ],
  ],
  [
    'a path on another machine is absolute or begins at the home there, with ~/ or without, and at no home of others',
    remotePath,
    [
      ['~/a/', 'a'],
      ['~//a', 'a'],
      ['~', '.'],
      ['~/', '.'],
      ['a', 'a'],
      ['a/~b', 'a/~b'],
      ['/', '/'],
      ['~bob/a', undefined],
      ['~bob', undefined],
      ['~+', undefined],
    ],
  ],
  [
    'words are split as in a shell, without expansion',
    words,
    [
      ['', []],
      ['/a  /b\n/c', ['/a', '/b', '/c']],
      ['"/a /b"', ['/a /b']],
      ['"/a" "/b"', ['/a', '/b']],
      [`'/a b'/c\\ d`, ['/a b/c d']],
      ['$HOME *.gz `x` #y', ['$HOME', '*.gz', '`x`', '#y']],
      ['"/a', undefined],
      ['/a\\', undefined],
    ],
  ],
  [
    'a URL is http or https and holds no credentials',
    webUrl,
    [
      ['http://127.0.0.1:9000', 'http://127.0.0.1:9000'],
      ['https://s3.example.org/x', 'https://s3.example.org/x'],
      ...['127.0.0.1:9000', 'localhost:9000', 'ftp://x', 'http://', 'http://me:pw@x', 'http://me@x'].map(
        (url) => [url, undefined] as const,
      ),
    ],
  ],
  [
    'a size is in bytes, or in binary units',
    part,
    [
      ['67108864', 64 * MIB],
      ['64M', 64 * MIB],
      ['64m', 64 * MIB],
      ['64MiB', 64 * MIB],
      ['64 MiB', 64 * MIB],
      ['5120K', 5 * MIB],
      ['5G', 5 * 1024 * MIB],
      ['5MiB', 5 * MIB],
      ...['5242879', '4M', '6G', '64MB', '64T', '6.5M', '-64M', 'M', '', '64iB'].map(
        (n) => [n, undefined] as const,
      ),
    ],
  ],
];

describe.each(CASES)('%s', (_title, kind, cases) => {
  test.each(cases)('%j is %j', (written, value) => {
    expect(kind.parse(written)).toEqual(value);
  });
});

test('a secret does not show its value', () => {
  const value = secret.parse('hunter2');
  expect(JSON.stringify({ value, text: String(value) })).not.toContain('hunter2');
  expect(value?.reveal()).toBe('hunter2');
});

test.each([
  [wholeNumber(0), 'a whole number'],
  [wholeNumber(1), 'a whole number of at least 1'],
  [wholeNumber(1, 9), 'a whole number from 1 to 9'],
  [oneOf(['a', 'b', 'c']), 'a, b or c'],
])('the label completes "must be …"', (kind, label) => {
  expect(kind.label).toBe(label);
});
