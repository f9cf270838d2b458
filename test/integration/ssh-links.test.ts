import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openSsh } from '../../src/destinations/ssh/driver.ts';
import { describeError, StorageError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { SSH_TIMING } from '../../src/ssh/connect.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store, untilClosed } from '../contract/bytes.ts';
import { failureOf } from '../fixtures/failure.ts';
import { useLab } from '../lab/lab.ts';
import { type Link, openLink } from './ssh-proxy.ts';
import { knownLine, type MortalSshd, makeSshd, sshConfig } from './ssh-server.ts';

const lab = useLab().ssh;
const quiet = createLog('error', () => {});
/** Four looks a quarter of a second apart instead of four a quarter of a minute apart. */
const SHORT = { ...SSH_TIMING, keepaliveMs: 250 };
let dir = '';
let link: Link | undefined;
let sshd: MortalSshd | undefined;

beforeAll(() => {
  dir = mkdtempSync('/tmp/twindb-ssh-');
});
afterEach(async () => {
  await link?.[Symbol.asyncDispose]();
  await sshd?.kill();
  link = undefined;
  sshd = undefined;
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function openAt(port: number, timing = SSH_TIMING) {
  const knownHosts = `${dir}/known-${port}`;
  writeFileSync(knownHosts, knownLine(lab, port, 'ed25519'));
  return openSsh(sshConfig(lab, { port, knownHosts, backupDir: `${dir}/copies` }), quiet, timing);
}

function expectDead(error: unknown, operation: string): void {
  expect(error).toBeInstanceOf(StorageError);
  expect(describeError(error)).toMatch(new RegExp(`^Cannot ${operation} ssh://.*the link is dead`));
}

describe('a link that falls silent', () => {
  test('the real settings call it dead within two minutes', () => {
    expect(SSH_TIMING.keepaliveMs * (SSH_TIMING.keepaliveCount + 1)).toBeLessThan(120_000);
  });

  test('ends a write, even one that nobody waits for yet', async () => {
    const wire = await openLink(lab.port);
    link = wire;
    await using destination = openAt(wire.port, SHORT);
    const source = async function* (): AsyncGenerator<Buffer> {
      yield* makeBytes(20 * MIB, 1);
      wire.freeze();
      yield* makeBytes(20 * MIB, 2);
    };
    const sink = destination.write('db1/daily/files/silent');
    const closed = untilClosed(sink);
    expectDead(await failureOf(pipeline(Readable.from(source()), sink)), 'write');
    await closed;
  });

  test('ends a read', async () => {
    const wire = await openLink(lab.port);
    link = wire;
    await using destination = openAt(wire.port, SHORT);
    await store(destination, 'db1/daily/files/read', 40 * MIB, 1);
    const reading = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of destination.read('db1/daily/files/read') as AsyncIterable<Buffer>) {
        wire.freeze();
        yield chunk;
      }
    };
    expectDead(await failureOf(digest(reading())), 'read');
  });

  test('ends whatever waits for an answer, and disposing does not wait for one', async () => {
    const wire = await openLink(lab.port);
    link = wire;
    const destination = openAt(wire.port, SHORT);
    await store(destination, 'db1/status', 10, 1);
    wire.freeze();
    const errors = await Promise.all([
      failureOf(destination.stat('db1/status')),
      failureOf(destination.delete('db1/status')),
      failureOf(listKeys(destination, 'db1/')),
      failureOf(destination.sweep('db1')),
    ]);
    for (const error of errors) expectDead(error, '[a-z ]+');
    await destination[Symbol.asyncDispose]();
  });

  test('is not one that is just slow: answers wait there behind megabytes of data', async () => {
    const wire = await openLink(lab.port);
    link = wire;
    wire.throttle(2 * MIB);
    await using destination = openAt(wire.port, SHORT);
    await store(destination, 'db1/slow', 8 * MIB, 1);
    expect((await destination.stat('db1/slow'))?.size).toBe(8 * MIB);
  });
});

describe('a server that restarts', () => {
  test('fails what was under way; the next operation connects again', async () => {
    const server = await makeSshd(lab, dir);
    sshd = server;
    await server.start();
    await using destination = openAt(server.port);
    await store(destination, 'db1/status', 10, 1);
    await server.kill();
    expect(await failureOf(destination.stat('db1/status'))).toBeInstanceOf(StorageError);
    await server.start();
    expect((await destination.stat('db1/status'))?.size).toBe(10);
  });

  test('whose session alone is killed does the same, during a write', async () => {
    const server = await makeSshd(lab, dir);
    sshd = server;
    await server.start();
    await using destination = openAt(server.port);
    const source = async function* (): AsyncGenerator<Buffer> {
      yield* makeBytes(20 * MIB, 1);
      server.killSessions();
      yield* makeBytes(20 * MIB, 2);
    };
    const sink = destination.write('db1/daily/files/cut');
    const closed = untilClosed(sink);
    const error = await failureOf(pipeline(Readable.from(source()), sink));
    await closed;
    expect(describeError(error)).toMatch(/^Cannot write ssh:.*connection to the server was lost/);
    await store(destination, 'db1/daily/files/cut', MIB, 3);
    expect(await digestOf(destination, 'db1/daily/files/cut')).toBe(await digest(makeBytes(MIB, 3)));
  });

  test('without SFTP: says that there is none', async () => {
    const server = await makeSshd(lab, dir, ['ForceCommand /bin/false']);
    sshd = server;
    await server.start();
    await using destination = openAt(server.port);
    expect(describeError(await failureOf(destination.stat('db1/status')))).toMatch(/does not start SFTP/);
  });
});

test('a server that renews its keys every megabyte neither stalls nor damages a stream', async () => {
  const server = await makeSshd(lab, dir, ['RekeyLimit 1M']);
  sshd = server;
  await server.start();
  await using destination = openAt(server.port);
  const data = randomBytes(40 * MIB);
  await pipeline(Readable.from([data]), destination.write('db1/daily/files/rekeyed'));
  expect(await digestOf(destination, 'db1/daily/files/rekeyed')).toBe(await digest([data]));
});
