import { expect, test } from 'vitest';
import { didYouMean, findNearest } from './suggest.ts';

test.each([
  ['dayly_copies', ['hourly_copies', 'daily_copies'], 'daily_copies'],
  ['S3', ['ssh', 's3'], 's3'],
  ['AWS:KMS', ['AES256', 'aws:kms'], 'aws:kms'],
  ['buket', ['BUCKET', 'sse'], 'BUCKET'],
  ['gzp', ['bzip2', 'gzip'], 'gzip'],
  ['ftp', ['ssh', 's3', 'local'], undefined],
  ['', ['ssh'], undefined],
  ['x', [], undefined],
])('for %j among %j the nearest is %j', (word, candidates, nearest) => {
  expect(findNearest(word, candidates)).toBe(nearest);
});

test('the suggestion ends a sentence, or is empty', () => {
  expect(didYouMean('gzp', ['gzip'])).toBe('; did you mean gzip?');
  expect(didYouMean('tar', ['gzip'])).toBe('');
});
