import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseSample } from './parse-sample.ts';

describe('a part of the copies on the command line', () => {
  it.each([
    ['5%', { parts: 20 }],
    ['0.5 %', { parts: 200 }],
    ['30%', { parts: 3 }],
    ['60%', { parts: 1 }],
    ['100%', { parts: 1 }],
    ['1/20', { parts: 20 }],
    ['20', { count: 20 }],
  ])('%s is read as %o', (text, sample) => {
    expect(parseSample(text)).toEqual(sample);
  });

  it.each([
    '',
    '0',
    '0%',
    '0.01%',
    '101%',
    '-5',
    '-5%',
    '5 percent',
    '1.5',
    '%',
    '1e3',
    '1/0',
    '2/3',
    '1/1001',
  ])('%j is refused', (text) => {
    expect(() => parseSample(text)).toThrow(InvalidArgumentError);
  });
});
