import stringWidth from 'string-width';
import { expect, it } from 'vitest';
import { fitsInto, layOutTable, wrapWords } from './table.ts';

it('the columns of a table are as wide as their widest value on a terminal', () => {
  const lines = layOutTable(
    [{ title: 'NAME' }, { title: 'SIZE', isNumber: true }, { title: 'KEY' }],
    [
      ['日本語', '1 B', 'x'],
      ['e\u0301', '10.0 KiB', 'y'],
    ],
  );
  expect(lines).toEqual(['NAME        SIZE  KEY', '日本語       1 B  x', 'e\u0301       10.0 KiB  y']);
  expect(lines.map((line) => stringWidth(line))).toEqual([21, 19, 19]);
});

it('a table has no blanks at the ends of its lines', () => {
  expect(layOutTable([{ title: 'A' }, { title: 'B' }], [['long', '']])).toEqual(['A     B', 'long']);
});

it('words go on in the next line, and a word that is too wide has one of its own', () => {
  expect(wrapWords(['one', 'two', 'three-four-five', 'six'], 10)).toEqual([
    'one  two',
    '  three-four-five',
    '  six',
  ]);
  expect(fitsInto(['日本'], 4)).toBe(true);
  expect(fitsInto(['日本'], 3)).toBe(false);
});
