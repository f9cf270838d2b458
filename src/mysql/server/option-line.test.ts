import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { optionLines } from './option-line.ts';

const parts = (line: string) => {
  const { indent, name, equals, value, tail } = [...optionLines(line)][0]?.option ?? {};
  return [indent, name, equals, value, tail];
};

describe('an option of my.cnf', () => {
  it.each([
    ['server_id=1', ['', 'server_id', '=', '1', '']],
    ['\tserver_id = "1 # 2" # why\r', ['\t', 'server_id', ' = ', '"1 # 2"', ' # why\r']],
    ['skip_name_resolve # why', ['', 'skip_name_resolve', '', undefined, ' # why']],
    ['password = # why', ['', 'password', ' =', '', ' # why']],
    ['a=b=c', ['', 'a', '=', 'b=c', '']],
    ["a='it\\'s # x'#y", ['', 'a', '=', "'it\\'s # x'", '#y']],
    ['a = \xa0b\xa0', ['', 'a', ' = \xa0', 'b', '\xa0']],
  ])('has its parts where they stand in %j', (line, expected) => {
    expect(parts(line)).toEqual(expected);
  });

  it.each(['', ' \r', '# a=1', ' ;a=1', '!include /a=1', ' [a=1]', '[a=1'])('is none in %j', (line) => {
    expect([...optionLines(line)][0]?.option).toBeUndefined();
  });

  it('has the group of the last header above it', () => {
    const groups = Array.from(
      optionLines('a\n[MySQLd ] # x\nb\n[ client ]\nc\n[open\nd'),
      ({ group }) => group,
    );
    expect(groups).toEqual([undefined, 'mysqld', 'mysqld', ' client', ' client', ' client', ' client']);
  });
});

test('whatever is in a line, its parts are the line', () => {
  const line = fc.string({
    unit: fc.constantFrom('a', '_', ' ', '\t', '\r', '"', "'", '\\', '#', ';', '=', '\xa0'),
  });
  fc.assert(
    fc.property(line, (written) => {
      const { text = '', option } = [...optionLines(written)][0] ?? {};
      if (option === undefined) return;
      const { indent, name, equals, value = '', tail } = option;
      expect(`${indent}${name}${equals}${value}${tail}`).toBe(text);
    }),
  );
});
