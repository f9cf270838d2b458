import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.ts';
import { createOptions } from './options.ts';
import { parseRawConfig } from './raw-config.ts';

function optionsOf(content: string) {
  return createOptions(
    '/cfg',
    parseRawConfig(content, '/cfg', () => {}),
  );
}

/** How the text option `ssh_user` reads. */
function userOf(written: string): string {
  return optionsOf(`[ssh]\nssh_user=${written}\n`).get('ssh', 'ssh_user');
}

test.each([
  ['"x y"', 'x y'],
  ["'x'", 'x'],
  ['" x "', ' x '],
  ['"x', '"x'],
  [`"x'`, `"x'`],
  ['"', '"'],
  ['""x""', '"x"'],
  [`'"x"'`, '"x"'],
  ['a"b"', 'a"b"'],
])('quotes around a whole value are dropped once: %s is %s', (written, value) => {
  expect(userOf(written)).toBe(value);
});

test.each(['', '""', "''"])('text without anything in it, %j, is not set', (written) => {
  expect(userOf(written)).toBe('root');
});

test('quotes of words belong to the words', () => {
  expect(optionsOf(`[source]\ntar_options="--a b" '--c'\n`).get('source', 'tar_options')).toEqual([
    '--a b',
    '--c',
  ]);
});

test('an absent option has its default, as the kind reads it', () => {
  const options = optionsOf('');
  expect([
    options.get('ssh', 'port'),
    options.get('intervals', 'run_daily'),
    options.get('s3', 'sse'),
  ]).toEqual([22, true, undefined]);
});

describe('references', () => {
  test('reach the same section first, then [DEFAULT], whatever their case', () => {
    const options = optionsOf('[DEFAULT]\na=1\nb=2\n[ssh]\nA=3\nssh_user=%(a)s%(B)s%%\n[local]\na=4\n');
    expect(options.get('ssh', 'ssh_user')).toBe('32%');
  });

  test('do not reach other sections, which is an error with a remedy', () => {
    const options = optionsOf('[local]\nother=1\n[ssh]\nssh_user=x%(Other)s\n');
    const attempt = () => options.get('ssh', 'ssh_user');
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(
      '/cfg: [ssh] ssh_user refers to %(Other)s, which neither [ssh] nor [DEFAULT] sets',
    );
    expect(attempt).toThrow(
      expect.objectContaining({ remedy: 'Set it there, or write %% for a percent sign.' }),
    );
  });

  test('in a circle are an error', () => {
    const options = optionsOf('[ssh]\nbackup_host=%(ssh_user)s\nssh_user=%(backup_host)s\n');
    expect(() => options.get('ssh', 'ssh_user')).toThrow('in too many steps, or in a circle');
  });

  test('are not looked at before the option is needed', () => {
    expect(optionsOf('[ssh]\nssh_user=%(x)s\nport=23\n').get('ssh', 'port')).toBe(23);
  });
});

test('any value without line breaks, once quoted, reads back', () => {
  const value = fc.string({ unit: 'binary', minLength: 1 }).filter((candidate) => !/[\r\n]/.test(candidate));
  fc.assert(
    fc.property(value, fc.constantFrom('"', "'"), (user, quote) => {
      expect(userOf(`${quote}${user.replaceAll('%', '%%')}${quote}`)).toBe(user);
    }),
  );
});

test('any words, quoted as in a shell, read back', () => {
  const word = fc.string({ unit: 'binary' }).filter((candidate) => !/[\r\n]/.test(candidate));
  fc.assert(
    fc.property(fc.array(word), (list) => {
      // A quote stands outside the quotes, behind a backslash.
      const quoted = list.map((one) => `'${one.replaceAll("'", `'\\''`)}'`);
      const options = optionsOf(`[source]\ntar_options=${quoted.join(' ').replaceAll('%', '%%')}\n`);
      expect(options.get('source', 'tar_options')).toEqual(list);
    }),
  );
});
