import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SshConfig } from '../../src/config/config.ts';
import type { Destination } from '../../src/destinations/destination.ts';
import { guardListing } from '../../src/destinations/listing-guard.ts';
import { openSsh } from '../../src/destinations/ssh/driver.ts';
import { listObjects } from '../../src/destinations/ssh/list.ts';
import { openSession, type SftpSession } from '../../src/destinations/ssh/session.ts';
import { describeError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { digest, digestOf, listKeys, MIB, makeBytes, store } from '../contract/bytes.ts';
import { failureOf } from '../fixtures/failure.ts';
import { type LabSsh, useLab } from '../lab/lab.ts';
import { openLink } from './ssh-proxy.ts';
import { sshConfig } from './ssh-server.ts';

const quiet = createLog('error', () => {});
const { ssh, sshPlain } = useLab();
let dir = '';

beforeAll(() => {
  dir = mkdtempSync('/tmp/twindb-ssh-');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function open(server: LabSsh, changes: Partial<SshConfig> = {}): Destination {
  return openSsh(sshConfig(server, { backupDir: dir, ...changes }), quiet);
}

const sayingOf = async (work: Promise<unknown>) => describeError(await failureOf(work));

test('files are 0600, and the folders it makes, backup_dir included, 0700', async () => {
  const backupDir = `${dir}/made/on/demand`;
  await using destination = open(ssh, { backupDir });
  await store(destination, 'db1/daily/files/a', 10, 1);
  expect(statSync(`${backupDir}/db1/daily/files/a`).mode & 0o7777).toBe(0o600);
  for (const folder of ['', '/db1', '/db1/.partial', '/db1/daily', '/db1/daily/files']) {
    expect(statSync(`${backupDir}${folder}`).mode & 0o7777).toBe(0o700);
  }
});

test('writers that make the same folders at once do not disturb each other', async () => {
  await using one = open(ssh, { backupDir: `${dir}/race` });
  await using two = open(sshPlain, { backupDir: `${dir}/race` });
  const keys = Array.from({ length: 20 }, (_, number) => `db1/daily/files/${number}`);
  await Promise.all(keys.map((key, number) => store(number % 2 ? one : two, key, 10, 1)));
  expect(await listKeys(one, '')).toEqual(keys.toSorted());
});

test('a relative backup_dir begins at the home of the user, as ~/ does', async () => {
  const backupDir = `.${basename(dir)}`;
  await using destination = open(ssh, { backupDir });
  try {
    await store(destination, 'db1/daily/files/a', 10, 1);
    expect(statSync(`${homedir()}/${backupDir}/db1/daily/files/a`).size).toBe(10);
    expect(await listKeys(destination, 'db1/')).toEqual(['db1/daily/files/a']);
    expect(destination.url).toMatch(new RegExp(`/~/${backupDir}$`));
  } finally {
    rmSync(`${homedir()}/${backupDir}`, { recursive: true, force: true });
  }
});

test('links to folders are not followed, links to files are objects, dangling ones are nothing', async () => {
  const backupDir = `${dir}/links`;
  await using destination = open(ssh, { backupDir });
  await store(destination, 'db1/daily/files/a', 10, 1);
  symlinkSync('.', `${backupDir}/db1/loop`);
  symlinkSync('daily/files/a', `${backupDir}/db1/alias`);
  symlinkSync('nowhere', `${backupDir}/db1/dangling`);
  expect(await listKeys(destination, '')).toEqual(['db1/alias', 'db1/daily/files/a']);
});

test('a file where a folder should be: the error names it', async () => {
  writeFileSync(`${dir}/file`, '');
  await using destination = open(ssh, { backupDir: `${dir}/file/below` });
  expect(await sayingOf(store(destination, 'db1/a', 10, 1))).toMatch(
    new RegExp(`^Cannot write ssh://.*/db1/a: cannot make the folder ${dir}/file`),
  );
});

test('an account that may not write there: the error says so', async () => {
  await using destination = open(ssh, { backupDir: '/proc/1' });
  expect(await sayingOf(store(destination, 'db1/a', 10, 1))).toMatch(
    /Cannot write ssh:.*cannot make the folder \/proc\/1\/db1/,
  );
});

describe('a full disk', () => {
  test.skipIf(ssh.smallRoot === undefined).each([
    ['tells that there is no space left', ssh, /no space left on the server/],
    ['of a server that cannot tell: says what it may be', sshPlain, /its disk may be full/],
  ])('%s', async (_, server, expected) => {
    const backupDir = `${ssh.smallRoot}/${basename(dir)}-${server.port}`;
    mkdirSync(backupDir);
    await using destination = open(server, { backupDir });
    expect(await sayingOf(store(destination, 'db1/a', 20 * MIB, 1))).toMatch(expected);
    expect(await listKeys(destination, '')).toEqual([]);
    rmSync(backupDir, { recursive: true });
  });
});

test('a server that cannot rename onto a file: many writers of one key leave one whole object and no debris', async () => {
  const backupDir = `${dir}/plain`;
  const places = Array.from({ length: 4 }, () => open(sshPlain, { backupDir }));
  const key = 'db1/status';
  for (let round = 0; round < 5; round++) {
    await Promise.all(places.map((place, seed) => store(place, key, 100_000, seed)));
  }
  const contents = await Promise.all(places.map((_, seed) => digest(makeBytes(100_000, seed))));
  const [first] = places;
  if (first === undefined) throw new Error('no place');
  expect(contents).toContain(await digestOf(first, key));
  expect(readdirSync(`${backupDir}/db1/.partial`)).toEqual([]);
  expect(await listKeys(first, '')).toEqual([key]);
  for (const place of places) await place[Symbol.asyncDispose]();
});

describe('connections', () => {
  test('a destination that is never used needs no server', async () => {
    await using destination = open(ssh, { host: 'no-such-host.invalid', keyFile: '/absent' });
    expect(destination.url).toContain('no-such-host.invalid');
    expect(existsSync(`${dir}/db1`)).toBe(false);
  });

  test('operations at once share one connection, and it is gone after disposing', async () => {
    await using link = await openLink(ssh.port);
    const destination = open(ssh, {
      port: link.port,
      knownHosts: `${dir}/pinned`,
      hostKeyChecking: 'accept-new',
    });
    const keys = ['a', 'b', 'c', 'd'].map((name) => `db1/${name}`);
    await Promise.all(keys.map((key) => store(destination, key, 10, 1)));
    expect(link.clients()).toBe(1);
    await destination[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(link.clients()).toBe(0));
  });
});

test('a listing reads each folder once, and sixteen at a time', async () => {
  const root = `${dir}/many`;
  for (let host = 0; host < 40; host++) {
    mkdirSync(`${root}/db${host}/daily/files`, { recursive: true });
    writeFileSync(`${root}/db${host}/daily/files/copy`, '');
  }
  const config = sshConfig(ssh, { backupDir: root });
  await using session = await openSession(config, quiet);
  let [requests, now, most] = [0, 0, 0];
  const counted: SftpSession = {
    ...session,
    async call(start, speed) {
      requests += 1;
      most = Math.max(most, ++now);
      try {
        return await session.call(start, speed);
      } finally {
        now -= 1;
      }
    },
  };
  const keys: string[] = [];
  const wanted = { prefix: '', onClosed: undefined };
  for await (const { key } of listObjects(counted, root, wanted, guardListing(root))) keys.push(key);
  expect(keys.toSorted()).toEqual(
    Array.from({ length: 40 }, (_, host) => `db${host}/daily/files/copy`).toSorted(),
  );
  // The folder itself, and three of each host: opened, read, read to the end, closed.
  expect(requests).toBe(4 * (1 + 3 * 40));
  // Nothing waits for the answers to those that close.
  expect(most).toBeGreaterThanOrEqual(16);
  expect(most).toBeLessThanOrEqual(2 * 16);
});
