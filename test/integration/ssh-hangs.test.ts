import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REQUEST_LIMITS } from '../../src/destinations/request-limits.ts';
import { openSsh } from '../../src/destinations/ssh/driver.ts';
import { describeError, StorageError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { connect, SSH_TIMING } from '../../src/ssh/connect.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed } from '../contract/bytes.ts';
import { failureOf } from '../fixtures/failure.ts';
import { useLab } from '../lab/lab.ts';
import { knownLine, type MortalSshd, makeSshd, sshConfig } from './ssh-server.ts';

const lab = useLab().ssh;
const quiet = createLog('error', () => {});
/** Five minutes and thirty, in tenths of a second. */
const SHORT = { usualMs: 1000, slowMs: 4000 };
let dir = '';
let sshd: MortalSshd | undefined;

beforeEach(() => {
  dir = mkdtempSync('/tmp/twindb-ssh-');
});
afterEach(async () => {
  if (existsSync(`${dir}/pids`)) signal('SIGCONT');
  await sshd?.kill();
  sshd = undefined;
  rmSync(dir, { recursive: true, force: true });
});

/** A server whose SFTP processes write their PIDs and what they do to files. */
async function start(...lines: string[]): Promise<number> {
  const program = `${dir}/sftp`;
  writeFileSync(
    program,
    `#!/bin/sh\necho $$ >>${dir}/pids\nexec /usr/lib/openssh/sftp-server -e -l DEBUG1 2>>${dir}/sftp.log\n`,
  );
  chmodSync(program, 0o755);
  sshd = await makeSshd(lab, dir, lines, program);
  await sshd.start();
  return sshd.port;
}

/** Sends a signal to the SFTP processes: one that is stopped hangs, while sshd answers for the connection. */
function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of readFileSync(`${dir}/pids`, 'utf8').trim().split('\n'))
    spawnSync('kill', ['-s', name.slice(3), pid]);
}

function targetAt(port: number) {
  const knownHosts = `${dir}/known`;
  writeFileSync(knownHosts, knownLine(lab, port, 'ed25519'));
  return sshConfig(lab, { port, knownHosts, backupDir: `${dir}/copies` });
}

function openAt(port: number, timing = SSH_TIMING, limits = SHORT) {
  return openSsh(targetAt(port), quiet, timing, limits);
}

function expectHanging(error: unknown, operation: string, seconds = 1): void {
  expect(error).toBeInstanceOf(StorageError);
  expect(describeError(error)).toMatch(
    new RegExp(`^Cannot ${operation} ssh://.*answered no request for ${seconds} s: it hangs`),
  );
}

describe('an SFTP server that hangs while its SSH server answers', () => {
  test('has five minutes for most requests and thirty for those that wait for a disk', () => {
    expect(REQUEST_LIMITS).toEqual({ usualMs: 300_000, slowMs: 1_800_000 });
  });

  test('ends whatever waits for an answer; the next operation connects again', async () => {
    await using destination = openAt(await start());
    await store(destination, 'db1/status', 10, 1);
    signal('SIGSTOP');
    const errors = await Promise.all([
      failureOf(destination.stat('db1/status')),
      failureOf(listKeys(destination, 'db1/')),
      failureOf(destination.sweep('db1')),
      failureOf(digestOf(destination, 'db1/status')),
    ]);
    for (const error of errors) expectHanging(error, '[a-z ]+');
    expect((await destination.stat('db1/status'))?.size).toBe(10);
  });

  test('ends a deletion, which has the time of a disk', async () => {
    await using destination = openAt(await start());
    await store(destination, 'db1/status', 10, 1);
    signal('SIGSTOP');
    expectHanging(await failureOf(destination.delete('db1/status')), '[a-z ]+', 4);
  });

  test('ends a write', async () => {
    await using destination = openAt(await start());
    const source = async function* (): AsyncGenerator<Buffer> {
      yield* makeBytes(20 * MIB, 1);
      signal('SIGSTOP');
      yield* makeBytes(20 * MIB, 2);
    };
    const sink = destination.write('db1/daily/files/hanging');
    const closed = untilClosed(sink);
    expectHanging(await failureOf(pipeline(Readable.from(source()), sink)), 'write');
    await closed;
  });

  test('that never starts: says so', async () => {
    await using destination = openAt(await start('ForceCommand sleep 30'));
    expect(describeError(await failureOf(destination.stat('db1/status')))).toMatch(
      /^Cannot look up ssh:.*the server does not start SFTP.*no request for 1 s/s,
    );
  });

  test('is not one that has nothing to answer: a quiet source is no request', async () => {
    await using destination = openAt(await start());
    const source = async function* (): AsyncGenerator<Buffer> {
      yield* makeBytes(MIB, 1);
      await delay(2500);
      yield* makeBytes(MIB, 2);
    };
    await pipeline(Readable.from(source()), destination.write('db1/daily/files/quiet'));
    expect((await destination.stat('db1/daily/files/quiet'))?.size).toBe(2 * MIB);
  });

  test('is given more time by an fsync', async () => {
    await using destination = openAt(await start());
    await store(destination, 'db1/status', 10, 1);
    const sink = destination.write('db1/daily/files/synced');
    const closed = untilClosed(sink);
    // All blocks are answered before the end of the stream is known.
    for (const chunk of makeBytes(254 * 1024, 1)) sink.write(chunk);
    await delay(300);
    signal('SIGSTOP');
    sink.end();
    setTimeout(() => signal('SIGCONT'), 2500);
    await closed;
    expect(await digestOf(destination, 'db1/daily/files/synced')).toBe(
      await digest(makeBytes(254 * 1024, 1)),
    );
  });
});

test('a folder is synced after each name that it gets: new folders, and the copy at last', async () => {
  await using destination = openAt(await start());
  await store(destination, 'db1/status', 10, 1);
  const done = readFileSync(`${dir}/sftp.log`, 'utf8')
    .replaceAll(/"[^"]*\.partial\/[^"]+"/g, 'PARTIAL')
    .replaceAll(`${dir}/`, '')
    .replaceAll(dir, '')
    .split(/\r?\n/)
    .filter((line) => /^(mkdir|fsync|posix-rename) /.test(line));
  expect(done).toEqual([
    'mkdir name "copies" mode 0700',
    'fsync ""',
    'mkdir name "copies/db1" mode 0700',
    'fsync "copies"',
    'mkdir name "copies/db1/.partial" mode 0700',
    'fsync "copies/db1"',
    'fsync PARTIAL',
    'posix-rename old PARTIAL new "copies/db1/status"',
    'fsync "copies/db1"',
  ]);
});

describe('the folder of a host that is a link', () => {
  test.each([
    ['of root or of the account: is entered', 0, ['db1/daily/files/copy']],
    ['of somebody else: is not', 65_534, []],
  ])('%s', async (_what, uid, keys) => {
    await using destination = openAt(await start());
    await store(destination, 'db1/daily/files/copy', 10, 1);
    renameSync(`${dir}/copies/db1`, `${dir}/larger`);
    symlinkSync(`${dir}/larger`, `${dir}/copies/db1`);
    if (uid !== 0) lchownSync(`${dir}/copies/db1`, uid, uid);
    expect(await listKeys(destination, '')).toEqual(keys);
  });
});

describe('a server that refuses connections', () => {
  test('at random, as sshd does beyond MaxStartups: all of a hundred get through', async () => {
    const target = targetAt(await start('MaxStartups 5:60:20'));
    const messages: string[] = [];
    const log = createLog('debug', (_level, message) => messages.push(message));
    const connections = await Promise.all(Array.from({ length: 100 }, () => connect(target, log)));
    for (const connection of connections) await connection[Symbol.asyncDispose]();
    expect(messages.filter((message) => message.includes('was refused')).length).toBeGreaterThan(0);
  });

  test('while it restarts: is dialled again', async () => {
    const port = await start();
    await sshd?.kill();
    await using destination = openAt(port);
    const looking = listKeys(destination, 'db1/');
    await delay(1500);
    await sshd?.start();
    expect(await looking).toEqual([]);
  });

  test('for good: is given up after the time, and then dialled once', async () => {
    const port = await start();
    await sshd?.kill();
    await using destination = openAt(port, { ...SSH_TIMING, redialMs: 1500 });
    const started = Date.now();
    for (const expected of [500, 0]) {
      const before = Date.now();
      expect(describeError(await failureOf(destination.stat('db1/status')))).toMatch(/nothing listens/);
      expect(Date.now() - before).toBeGreaterThanOrEqual(expected);
    }
    expect(Date.now() - started).toBeLessThan(3000);
  });

  test('by its key: is not dialled again', async () => {
    const target = { ...targetAt(await start()), keyFile: lab.strangerKey };
    const messages: string[] = [];
    const log = createLog('debug', (_level, message) => messages.push(message));
    await failureOf(connect(target, log));
    expect(messages).toEqual([]);
  });
});
