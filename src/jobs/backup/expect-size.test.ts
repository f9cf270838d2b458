import { expect, test } from 'vitest';
import { expectSize } from './expect-size.ts';

const expected = (previousSize?: number, sourceSize?: number, bytes?: number, isOfLate = false) =>
  expectSize({ previousSize, sourceSize, reached: bytes === undefined ? undefined : { bytes, isOfLate } });

test('a copy may triple, and is as large as its source at most where that is more', () => {
  expect(expected(100)).toEqual({ likely: 100, atMost: 300 });
  expect(expected(100, 1000)).toEqual({ likely: 100, atMost: 1000 });
  expect(expected(undefined, 1000)).toEqual({ likely: 1000, atMost: 1000 });
});

test('what outgrew its plan is planned for twice as much, and not refused beforehand', () => {
  expect(expected(100, 150, 900)).toEqual({ likely: 100, atMost: 1800 });
  expect(expected(undefined, undefined, 900)).toEqual({ likely: 0, atMost: 1800 });
});

test('what was reached of late is told, as a destination may know that it does not fit', () => {
  expect(expected(100, 150, 900, true)).toEqual({ likely: 100, atMost: 1800, reached: 900 });
});

test('where nothing is known, nothing is said', () => {
  expect(expected()).toBeUndefined();
});
