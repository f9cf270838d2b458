import { expect, it } from 'vitest';
import { formatBytes, formatDuration, formatShortAge } from './units.ts';

it.each([
  [0, '0 B'],
  [0.4, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 ** 2, '1.0 MiB'],
  [5.25 * 1024 ** 3, '5.3 GiB'],
  [1024 ** 4, '1.0 TiB'],
  [1024 ** 5, '1.0 PiB'],
  [5000 * 1024 ** 5, '5000.0 PiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0, '0:00'],
  [9.99, '0:09'],
  [60, '1:00'],
  [3599, '59:59'],
  [3600, '1:00:00'],
  [3725, '1:02:05'],
  [100 * 3600, '100:00:00'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

it.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [7199, '119m'],
  [7200, '2h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [40_000_000, '462d'],
])('an age of %d seconds is %s in a column', (seconds, text) => {
  expect(formatShortAge(seconds)).toBe(text);
});
