import { expect, it } from 'vitest';
import { excessOf } from './json-limits.ts';

it('takes brackets and commas in strings for text', () => {
  const text = JSON.stringify({ a: `${'[{,'.repeat(2_000_000)}\\"`, b: '\\' });
  expect(excessOf(text)).toBeUndefined();
  expect(excessOf(`${text.slice(0, -1)},"c":${'['.repeat(60)}`)).toBe('more than 50 levels');
});

it('ends on text that is no JSON', () => {
  for (const text of ['', '"', '"\\', ']]]]', '{"a', '\\"']) expect(excessOf(text)).toBeUndefined();
});
