import { expect, test } from 'vitest';
import { interpolate, listReferences } from './interpolate.ts';

function run(value: string, options: Record<string, string> = {}): string {
  const known = new Map(Object.entries(options));
  return interpolate(
    value,
    (name) => known.get(name),
    (problem, name) => new Error(`${problem}: ${name}`),
  );
}

test.each([
  ['50%', '50%'],
  ['%d %', '%d %'],
  ['100%%', '100%'],
  ['%%%%', '%%'],
  ['%%(a)s', '%(a)s'],
  ['%(a', '%(a'],
  ['%(a)d', '%(a)d'],
  ['%()s', '%()s'],
])('%j without anything to refer to is %j', (value, expected) => {
  expect(run(value)).toBe(expected);
});

test('a reference becomes the value of that option, in its turn interpolated', () => {
  expect(run('<%(a)s/%(b)s>', { a: '%(b)s%%', b: '$& 2' })).toBe('<$& 2%/$& 2>');
});

test('what a reference brought in is not interpolated twice', () => {
  expect(run('%(a)s', { a: '%%(b)s' })).toBe('%(b)s');
});

test('an unknown name is an error', () => {
  expect(() => run('%(Nope)s')).toThrow('unknown: Nope');
});

test('a circle of references ends in an error', () => {
  expect(() => run('%(a)s', { a: '%(b)s', b: 'x%(a)s' })).toThrow('too deep');
});

test('nine steps are followed, as in Python, and a tenth is refused', () => {
  const chain: Record<string, string> = { n9: 'end' };
  for (let step = 0; step < 9; step += 1) chain[`n${step}`] = `%(n${step + 1})s`;
  expect(run('%(n1)s', chain)).toBe('end');
  expect(() => run('%(n0)s', chain)).toThrow('too deep');
});

test('listReferences finds the names, in lower case, and skips escaped ones', () => {
  expect(listReferences('%(A)s %%(b)s %(c_d)s %')).toEqual(['a', 'c_d']);
});
