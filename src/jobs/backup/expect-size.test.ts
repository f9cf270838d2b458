import { expect, test } from 'vitest';
import { expectSize } from './expect-size.ts';

const expected = (previousSize?: number, sourceSize?: number, reached?: number) =>
  expectSize({ previousSize, sourceSize, reached });

test('a copy may triple, and is as large as its source at most where that is more', () => {
  expect(expected(100)).toEqual({ likely: 100, atMost: 300 });
  expect(expected(100, 1000)).toEqual({ likely: 100, atMost: 1000 });
  expect(expected(undefined, 1000)).toEqual({ likely: 1000, atMost: 1000 });
});

test('what outgrew its plan is planned for twice as much, and not refused beforehand', () => {
  expect(expected(100, 150, 900)).toEqual({ likely: 100, atMost: 1800 });
  expect(expected(undefined, undefined, 900)).toEqual({ likely: 0, atMost: 1800 });
});

test('where nothing is known, nothing is said', () => {
  expect(expected()).toBeUndefined();
});
