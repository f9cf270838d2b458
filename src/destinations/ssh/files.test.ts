import { expect, test } from 'vitest';
import { describeError } from '../../errors.ts';
import { explainFailure } from './files.ts';
import { measureRoom } from './room.ts';
import { FAILURE, type SftpSession } from './session.ts';

const refusal = Object.assign(new Error('Failure'), { code: FAILURE });
const ROOM = { f_frsize: 4096, f_bavail: 1_000_000, f_files: 1000, f_favail: 500 };

/** A session, here a mock, with a server that says this of its file system. */
function sessionWith(fileSystem: object): SftpSession {
  return { callExtension: () => Promise.resolve(fileSystem) } as unknown as SftpSession;
}

test.each([
  ['no bytes left', { ...ROOM, f_bavail: 0 }, true],
  ['no inodes left', { ...ROOM, f_favail: 0 }, true],
  ['no inodes at all, as with Btrfs', { ...ROOM, f_files: 0, f_favail: 0 }, false],
  ['room', ROOM, false],
])('a failure on a file system with %s', async (_what, fileSystem, isFull) => {
  const explained = await explainFailure(sessionWith(fileSystem), refusal, '/srv');
  if (isFull) expect(describeError(explained)).toContain('no space left on the server');
  else expect(explained).toBe(refusal);
});

test('an answer that is cut off tells of no room', async () => {
  expect(await measureRoom(sessionWith(ROOM), '/srv')).toBe(4_096_000_000);
  expect(await measureRoom(sessionWith({ f_frsize: 4096, f_bavail: undefined }), '/srv')).toBeUndefined();
});
