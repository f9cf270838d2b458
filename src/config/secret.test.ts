import { expect, it } from 'vitest';
import { findSecrets, hider, Secret } from './secret.ts';

it('every secret in a tree of values is found', () => {
  const tree = { a: new Secret('one'), b: { c: [new Secret('two'), 'text', 3, null] }, d: undefined };
  expect(findSecrets(tree)).toEqual(['one', 'two']);
});

it('secrets are hidden in messages, also one that begins with another; not those that could be a part of any word', () => {
  const hide = hider(['abcdef', 'abcdefghij', 'up']);
  expect(hide('abcdef, abcdefghij: backup')).toBe('[secret], [secret]: backup');
});
