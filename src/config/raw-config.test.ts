import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../errors.ts';
import { findRaw, parseRawConfig } from './raw-config.ts';

function parse(source: string) {
  const warnings: string[] = [];
  const raw = parseRawConfig(source, '/cfg', (message) => warnings.push(message));
  return { raw, warnings };
}

/** The value of option `a` in section `s`. */
function valueOf(lines: string): string | undefined {
  const { raw, warnings } = parse(`[s]\n${lines}\n`);
  expect(warnings).toEqual([]);
  return findRaw(raw, 's', 'a');
}

describe('a value is read as Python configparser reads it', () => {
  test.each([
    ['a=b', 'b'],
    ['a = b', 'b'],
    ['a:b', 'b'],
    ['a : b', 'b'],
    ['a=b=c:d', 'b=c:d'],
    ['a:b=c', 'b=c'],
    ['A=b', 'b'],
    ['a=', ''],
    ['a', ''],
    ['a = b  ', 'b'],
    ['\ta = b', 'b'],
    ['a=b#c;d', 'b#c;d'],
    ['a=b # c', 'b # c'],
    ['a=b ; c', 'b ; c'],
    ['a=\\;\\#\\\\', '\\;\\#\\\\'],
    ['a=#b', '#b'],
    ['a="b"', '"b"'],
    [`a='b'`, `'b'`],
    ['a="b', '"b'],
    ['a=true', 'true'],
    ['a=null', 'null'],
    ['a=123', '123'],
    ['a=[b]', '[b]'],
    ['a={"b":1}', '{"b":1}'],
    ['a=b\u2028c\u2029d', 'b\u2028c\u2029d'],
    ['a=é€😀', 'é€😀'],
    ['a=100%', '100%'],
  ])('%j is %j', (line, value) => {
    expect(valueOf(line)).toBe(value);
  });

  test.each([
    ['after the option', 'a=1\n  2\n\t3', '1\n2\n3'],
    ['when the first line is empty', 'a=\n  1\n  2', '\n1\n2'],
    ['with a comment between', 'a=1\n# no\n  2', '1\n2'],
    ['with an indented comment between', 'a=1\n  # no\n  ; no\n  2', '1\n2'],
    ['with a blank line between', 'a=1\n\n  2', '1\n\n2'],
    ['that looks like an option', 'a=1\n  b=2', '1\nb=2'],
    ['that looks like a section', 'a=1\n  [t]', '1\n[t]'],
    ['deeper than an indented option', '  a=1\n    2', '1\n2'],
    ['but not blank lines at its end', 'a=1\n\n\n', '1'],
  ])('an indented line continues the value: %s', (_case, lines, value) => {
    expect(valueOf(lines)).toBe(value);
  });

  test('a line as deep as its indented neighbour is an option of its own', () => {
    const { raw } = parse('[s]\n  a=1\n  b=2\n b2=3\nc=4\n');
    expect([...(raw.sections.get('s') ?? [])]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['b2', '3'],
      ['c', '4'],
    ]);
  });

  test('a section header does not take continuation lines, and ends the value before it', () => {
    expect(findRaw(parse('[s]\nb=2\n[t]\n  a=1\n').raw, 't', 'a')).toBe('1');
  });

  test.each(['\n', '\r\n', '\r'])('lines may end in %j', (end) => {
    const { raw } = parse(['# c', '[s]', 'a=1', '  2', 'b=3', ''].join(end));
    expect([...(raw.sections.get('s') ?? [])]).toEqual([
      ['a', '1\n2'],
      ['b', '3'],
    ]);
  });

  test('comments stand at the beginning of a line, indented or not, also before any section', () => {
    const { raw } = parse('# a=1\n ; b=2\n[s]\n  # c=3\n;d=4\ne=5\n');
    expect([...(raw.sections.get('s') ?? [])]).toEqual([['e', '5']]);
  });
});

describe('names have no magic', () => {
  test.each([
    'a.b',
    '__proto__',
    'constructor',
    'toString',
    'a[]',
    '[]',
    "'x'",
    '"x"',
    'a"b',
    'a\\.b',
    'é',
    '%41',
    'a b',
  ])('an option may be named %s', (name) => {
    const { raw } = parse(`[s]\n${name}=1\n${name}x=2\n`);
    expect([...(raw.sections.get('s') ?? [])]).toEqual([
      [name.toLowerCase(), '1'],
      [`${name.toLowerCase()}x`, '2'],
    ]);
  });

  test.each(['a.b', '__proto__', 'constructor', 'a[', 'a=b', "'x'", '"x"', 'a\\.b', 'é', '%41', ' a '])(
    'a section may be named %s',
    (name) => {
      const { raw } = parse(`[a]\nz=0\n[${name}]\nx=1\n`);
      expect([...raw.sections.keys()]).toEqual(['a', name]);
      expect(findRaw(raw, name, 'x')).toBe('1');
    },
  );

  test('nothing leaks into the prototype of objects', () => {
    parse('[__proto__]\npolluted=1\n[s]\n__proto__=2\n');
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  test('section names are case-sensitive, option names are not', () => {
    const { raw } = parse('[S]\nBUCKET=1\n');
    expect(findRaw(raw, 's', 'bucket')).toBeUndefined();
    expect(findRaw(raw, 'S', 'Bucket')).toBe('1');
  });
});

describe('[DEFAULT]', () => {
  test('counts where the section does not set the option', () => {
    const { raw } = parse('[s]\na=1\n[DEFAULT]\na=2\nB=3\n[t]\n');
    expect([findRaw(raw, 's', 'a'), findRaw(raw, 's', 'b'), findRaw(raw, 't', 'a')]).toEqual(['1', '3', '2']);
  });

  test('is no section itself', () => {
    expect([...parse('[DEFAULT]\na=1\n').raw.sections.keys()]).toEqual([]);
  });
});

describe('what is set twice', () => {
  test('the later option wins, with a warning that names both lines', () => {
    const { raw, warnings } = parse('[s]\nKey=1\nb=2\nkEY=3\n');
    expect(findRaw(raw, 's', 'key')).toBe('3');
    expect(warnings).toEqual(['/cfg: [s] key stands twice, in lines 2 and 4; the later one counts']);
  });

  test('both parts of a section count, the later option wins, with warnings', () => {
    const { raw, warnings } = parse('[s]\na=1\nb=2\n[t]\n[s]\nb=3\n');
    expect([...(raw.sections.get('s') ?? [])]).toEqual([
      ['a', '1'],
      ['b', '3'],
    ]);
    expect(warnings).toEqual([
      '/cfg: [s] stands twice, in lines 1 and 5; the options of both count',
      '/cfg: [s] b stands twice, in lines 3 and 6; the later one counts',
    ]);
  });

  test('the same option in two sections is no duplicate', () => {
    expect(parse('[s]\na=1\n[t]\na=1\n').warnings).toEqual([]);
  });
});

describe('what stands behind a header', () => {
  test('is ignored with a warning', () => {
    const { raw, warnings } = parse('[s] a=1\n');
    expect([...(raw.sections.get('s') ?? [])]).toEqual([]);
    expect(warnings).toEqual(['/cfg: line 1: what follows [s] on its line is ignored']);
  });

  test.each(['[s] # x', '[s] ; x', '[s]   '])('raises no warning in %j', (line) => {
    expect(parse(line).warnings).toEqual([]);
  });
});

describe('a line that cannot be', () => {
  test('an option before any section is an error with its line', () => {
    const source = '# x\n\nbackup_dirs=/etc\n[s]\n';
    const broken = () => parse(source);
    expect(broken).toThrow(ConfigError);
    expect(broken).toThrow('/cfg: line 3: option "backup_dirs" stands before any section');
  });

  test.each(['=b', ' : b'])('%j, an option without a name, is an error with its line', (line) => {
    const broken = () => parse(`[s]\na=1\n${line.trim()}\n`);
    expect(broken).toThrow(ConfigError);
    expect(broken).toThrow('/cfg: line 3: there is no option name');
  });
});

test('every value without line breaks reads back, whatever its characters', () => {
  const value = fc
    .string({ unit: 'binary' })
    .filter((candidate) => !/[\r\n]/.test(candidate))
    .map((candidate) => `<${candidate}>`);
  fc.assert(
    fc.property(value, (written) => {
      expect(valueOf(`a=${written}`)).toBe(written);
    }),
  );
});

test('every option name and section name reads back, whatever its characters', () => {
  const name = fc
    .string({ unit: 'binary' })
    .filter((candidate) => !/[\r\n=:\]]/.test(candidate))
    .map((candidate) => `n${candidate}n`);
  fc.assert(
    fc.property(name, name, (section, option) => {
      expect(findRaw(parse(`[${section}]\n${option}=1\n`).raw, section, option)).toBe('1');
    }),
  );
});
