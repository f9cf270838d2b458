import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import {
  codeOf,
  describeError,
  hasCode,
  InterruptedError,
  ProcessError,
  StorageError,
  TwinDbError,
} from './errors.ts';

function systemError(path: string): unknown {
  try {
    return readFileSync(path);
  } catch (error) {
    return error;
  }
}

test('an error of the system is said in words, with its path only when that is news', () => {
  const cause = systemError('/none/x');
  expect(describeError(new TwinDbError('Cannot read /none/x', { cause }))).toBe(
    'Cannot read /none/x: no such file or directory',
  );
  expect(describeError(new TwinDbError('Cannot start', { cause }))).toBe(
    'Cannot start: no such file or directory (/none/x)',
  );
});

test('a cause that the message explains is left out, and everything beneath it', () => {
  const cause = new Error('UnknownError', { cause: new Error('deeper') });
  const error = new TwinDbError('Cannot list b: it does not exist', { cause, isExplained: true });
  expect(describeError(new TwinDbError('Nothing was backed up', { cause: error }))).toBe(
    'Nothing was backed up: Cannot list b: it does not exist',
  );
});

test('nothing is said twice, whether the wrapper quotes its cause or the cause begins with the wrapper', () => {
  const link = new TwinDbError('Cannot back up /x: it is a link', { remedy: 'Name the folder.' });
  expect(describeError(new TwinDbError('Cannot back up /x', { cause: link }))).toBe(
    'Cannot back up /x: it is a link\nName the folder.',
  );
  const quoted = new Error('the server is tired');
  expect(describeError(new TwinDbError('Cannot read: the server is tired', { cause: quoted }))).toBe(
    'Cannot read: the server is tired',
  );
});

test("a program's last words and every remedy follow the message, each once", () => {
  const end = { exitCode: 2, signal: null, stderr: ['one', 'two'] };
  const cause = new ProcessError('gpg failed', end, { remedy: 'Import the key.' });
  expect(describeError(new TwinDbError('Cannot encrypt', { cause, remedy: 'Import the key.' }))).toBe(
    'Cannot encrypt: gpg failed\n  one\n  two\nImport the key.',
  );
});

test('what failed while cleaning up follows what ended the work, and hides nothing of it', async () => {
  const lock = { [Symbol.asyncDispose]: () => Promise.reject(new TwinDbError('Cannot release the lock')) };
  const connection = { [Symbol.asyncDispose]: () => Promise.reject(new TwinDbError('Cannot disconnect')) };
  const work = async () => {
    await using _connection = connection;
    await using _lock = lock;
    throw new InterruptedError('SIGTERM');
  };
  const error: unknown = await work().catch((reason: unknown) => reason);
  expect(describeError(error)).toBe('Interrupted by SIGTERM\nCannot release the lock\nCannot disconnect');
  expect(describeError(new TwinDbError('Cannot do it', { cause: error }))).toBe(
    'Cannot do it: Interrupted by SIGTERM',
  );
});

describe('the code of an error', () => {
  it('is the name that the system or a server gave', () => {
    const error = Object.assign(new Error('no such file'), { code: 'ENOENT' });
    expect(codeOf(error)).toBe('ENOENT');
    expect(hasCode(error, 'ENOTDIR', 'ENOENT')).toBe(true);
    expect(hasCode(error, 'ENOTDIR')).toBe(false);
  });

  it.each([undefined, 'ENOENT', new Error('no code'), Object.assign(new Error('SFTP'), { code: 2 })])(
    'is none of %s',
    (error) => {
      expect(codeOf(error)).toBeUndefined();
      expect(hasCode(error, 'ENOENT', '2')).toBe(false);
    },
  );
});

test('an error without words says what it knows, and never what class it is of', () => {
  const refused = Object.assign(new Error('no way to ::1'), { code: 'ECONNREFUSED' });
  const cause = new AggregateError([refused, new Error('the other address')]);
  expect(describeError(new StorageError('Cannot read x', { cause }))).toBe('Cannot read x: no way to ::1');
  expect(describeError(new TypeError())).toBe('no reason is known');
  expect(describeError(Object.assign(new Error(), { code: 'EBADMSG' }))).toBe('EBADMSG');
});
