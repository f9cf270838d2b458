import { expect, it } from 'vitest';
import { roomFor } from './survey.ts';

it('a replica needs more room than the data that are copied', () => {
  expect(roomFor(1000, 96)).toBe(1196);
  expect(roomFor(1001, 0)).toBe(1102);
});
