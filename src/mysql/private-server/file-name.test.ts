import { expect, it } from 'vitest';
import { fileNameOf, hasCodedLetters, readableName } from './file-name.ts';

// As MariaDB 10.11 and MySQL 9.7 call the files.
it.each([
  ['a_1', 'a_1'],
  ['h#x-y b', 'h@0023x@002dy@0020b'],
  ['日', '@65e5'],
  ['a.b', 'a@002eb'],
  ['$', '@0024'],
  ['é', undefined],
])('the file of %j is called %j', (name, expected) => {
  expect(fileNameOf(name)).toBe(expected);
  if (expected !== undefined)
    expect([hasCodedLetters(expected), readableName(expected)]).toEqual([false, name.replace('/', '.')]);
});

it('letters with a code of two characters are known', () => {
  expect(hasCodedLetters('h@0p@65e5')).toBe(true);
  expect(hasCodedLetters('h@0023@65e5')).toBe(false);
});
