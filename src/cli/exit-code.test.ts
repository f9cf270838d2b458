import { expect, test } from 'vitest';
import { ConfigError, InterruptedError, TwinDbError } from '../errors.ts';
import { exitCodeOf } from './exit-code.ts';

/** What `await using` throws when the work fails and its cleaning up too. */
async function failTwice(first: Error, then: Error): Promise<unknown> {
  const work = async () => {
    await using _resource = { [Symbol.asyncDispose]: () => Promise.reject(then) };
    throw first;
  };
  return await work().catch((error: unknown) => error);
}

test('the exit code tells what ended the work', () => {
  expect(exitCodeOf(new InterruptedError('SIGTERM'))).toBe(143);
  expect(exitCodeOf(new InterruptedError('SIGHUP'))).toBe(129);
  expect(exitCodeOf(new ConfigError('wrong'))).toBe(78);
  expect(exitCodeOf(new TwinDbError('failed'))).toBe(1);
});

test('the exit code is that of the first error, when a lock cannot be released after it', async () => {
  const lock = new TwinDbError('Cannot release the lock');
  expect(exitCodeOf(await failTwice(new InterruptedError('SIGTERM'), lock))).toBe(143);
  expect(exitCodeOf(await failTwice(lock, new InterruptedError('SIGTERM')))).toBe(1);
});
