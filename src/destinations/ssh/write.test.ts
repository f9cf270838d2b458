import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { SftpSession } from './session.ts';
import { createUpload } from './write.ts';

/** A session whose server notes down what it is asked, and fails to close files. */
function makeSession(asked: string[]): SftpSession {
  const answer =
    (name: string, error?: Error) =>
    (...args: unknown[]) => {
      asked.push(name);
      (args.at(-1) as (error: Error | undefined, value: Buffer) => void)(error, Buffer.from('handle'));
    };
  const sftp = {
    open: answer('open'),
    write: answer('write'),
    close: answer('close', Object.assign(new Error('Failure'), { code: 4 })),
    unlink: answer('unlink'),
  };
  const call = (work: (server: unknown, answer: unknown) => void) =>
    new Promise((resolve, reject) => {
      work(sftp, (error: unknown, value: unknown) => (error ? reject(error) : resolve(value)));
    });
  return { isOpen: () => true, call, callExtension: call } as unknown as SftpSession;
}

it('a write that is given up leaves nothing, even where the server fails to close its file', async () => {
  const asked: string[] = [];
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => warnings.push(message), error() {} };
  const target = {
    key: 'db1/x',
    pathOf: (key: string) => `/b/${key}`,
    nameOf: (key: string) => `ssh://b/${key}`,
    partial: '/b/db1/.partial/x',
    aside: '/b/db1/.partial/y',
  };
  const explain = (cause: unknown) => new Error('Cannot write', { cause });
  const open = () => Promise.resolve(makeSession(asked));
  const stream = createUpload(open, target, { place: 'there', explain, log });
  stream.on('error', () => {});
  await new Promise((resolve) => stream.write(Buffer.alloc(300 * 1024), resolve));
  stream.destroy(new Error('stop'));
  while (!stream.closed) await sleep(5);
  expect(asked).toEqual(['open', 'write', 'close', 'unlink']);
  expect(warnings).toEqual([]);
});
