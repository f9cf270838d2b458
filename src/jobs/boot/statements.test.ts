import { describe, expect, it } from 'vitest';
import { judgeAnswer, parseStatements } from './statements.ts';

describe('a file of statements', () => {
  it('has each up to a ";" at the end of a line, with the values behind it', () => {
    const text = [
      '\uFEFF-- rows of today',
      'SELECT COUNT(*) > 10 FROM a;',
      '-- expect: 1',
      '',
      'SELECT "x;y"',
      '  -- a comment in it',
      '  FROM b; ',
      '--expect:  two words ',
      '-- Expect: NULL',
      '-- expect:',
      '# done',
      'SELECT 3',
    ].join('\r\n');
    expect(parseStatements(text, 'f')).toEqual([
      { line: 2, sql: 'SELECT COUNT(*) > 10 FROM a', expected: ['1'] },
      { line: 5, sql: 'SELECT "x;y"\n  FROM b', expected: ['two words', null, ''] },
      { line: 12, sql: 'SELECT 3', expected: [] },
    ]);
  });

  it.each([
    ['SELECT 1\n-- expect: 1\n', 'f, line 2: "-- expect:" is not behind'],
    ['-- expect: 1\nSELECT 1;\n', 'f, line 1: "-- expect:" is not behind'],
    ['-- nothing\n;\n', 'f, line 1: there is no statement'],
  ])('is refused: %j', (text, message) => {
    expect(() => parseStatements(text, 'f')).toThrow(message);
  });
});

describe('an answer', () => {
  it.each([
    [[], [], undefined],
    [[], ['7'], undefined],
    [['1'], ['1', '2'], undefined],
    [['1'], ['0'], 'expected "1", got "0"'],
    [['1'], [], 'expected "1", got no row'],
    [[null], ['NULL'], 'expected NULL, got "NULL"'],
    [['a', 'b'], ['a', null], 'row 2: expected "b", got NULL'],
  ])('that must begin with %j and is %j: %j', (expected, cells, problem) => {
    expect(judgeAnswer({ expected }, cells)).toBe(problem);
  });
});
