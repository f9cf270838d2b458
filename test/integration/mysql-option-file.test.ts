import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readOptionFile } from '../../src/mysql/server/option-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'option-file-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** The characters stand for bytes, so that files of any encoding can be written. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

const HEADERS = [
  '[client]',
  '[ client ]',
  '[client ]',
  '[\tclient]',
  '[client\xa0]',
  '[Client]',
  ' [client] x',
];

const LINES = [
  'password=a',
  'password = "a#b" # c',
  "password='a' b",
  "password='it''s'",
  'password=a#b',
  'password=a;b',
  'password=a\\',
  'password="a\\sb\\x\\\\c\\"d"',
  'password="',
  'password=a\r',
  'password=\x0b\x0ca\t',
  'password=\x1ca\x1f',
  'password=',
  'password=a=b',
  'pass_word=a',
  'loose-password=a',
  'password=a\npassword=b',
  '\xa0password\xa0=\xa0a\xa0',
  latin1('password=\u00a0a'),
  latin1('password=a\u00a0'),
  latin1('password=voilà'),
  latin1('password="voilà"'),
  latin1('password=a\u2003'),
  latin1('password=\ufeffa'),
  latin1('password=a\u0085'),
];

describe('an option file means to us what it means to my_print_defaults', () => {
  const path = join(dir, 'my.cnf');
  const files = [
    ...HEADERS.map((header) => `[mysqld]\npassword=x\n${header}\npassword=a\n`),
    ...LINES.map((line) => `[client]\n${line}\n`),
  ];

  it.each(files)('%j', (text) => {
    writeFileSync(path, text, { encoding: 'latin1', mode: 0o600 });
    const theirs = execFileSync('my_print_defaults', [`--defaults-file=${path}`, 'client'], {
      encoding: 'latin1',
    });
    const ours = readOptionFile(path)
      .options.filter(({ group }) => group === 'client')
      .map(({ name, value = '', isUtf8 }) => `--${name}=${isUtf8 ? latin1(value) : value}\n`);
    expect(ours.join('')).toBe(theirs.replaceAll('pass_word', 'pass-word'));
  });

  it('both refuse a byte order mark', () => {
    writeFileSync(path, '\ufeff[client]\npassword=a\n', { mode: 0o600 });
    expect(() =>
      execFileSync('my_print_defaults', [`--defaults-file=${path}`, 'client'], { stdio: 'pipe' }),
    ).toThrow('without preceding group');
    expect(() => readOptionFile(path)).toThrow('byte order mark');
  });
});
