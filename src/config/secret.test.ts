import { expect, it } from 'vitest';
import { findSecrets, Secret } from './secret.ts';

it('every secret in a tree of values is found', () => {
  const tree = { a: new Secret('one'), b: { c: [new Secret('two'), 'text', 3, null] }, d: undefined };
  expect(findSecrets(tree)).toEqual(['one', 'two']);
});
