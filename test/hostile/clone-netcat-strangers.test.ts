import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CommandResult, noTwoHosts, startTwoHosts, type TwoHosts } from '../lab/two-hosts.ts';

/** On a busy machine; on a quiet one a few seconds are enough. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let hosts: TwoHosts;

beforeAll(async () => {
  if (noTwoHosts === undefined) hosts = await startTwoHosts();
});
afterEach(async () => await hosts?.reset());
afterAll(async () => await hosts?.[Symbol.asyncDispose]());

const clone = () =>
  hosts.run([
    'clone',
    'mysql',
    '--transport',
    'netcat',
    '--replication-password-file',
    hosts.passwordFile,
    hosts.replicaAddress,
  ]);

/** A stream as mbstream makes it, whose file would be the server's own. */
function plantingStream(): string {
  const dir = mkdtempSync(join(hosts.dir, 'planted-'));
  mkdirSync(join(dir, 'mysql'));
  writeFileSync(join(dir, 'mysql/planted'), 'not of this server');
  const stream = execFileSync('mbstream', ['-c', 'mysql/planted'], { cwd: dir });
  writeFileSync(join(dir, 'stream'), stream);
  return join(dir, 'stream');
}

/**
 * Connects to the port again and again, faster than the clone does, until it was let in once, and sends a file, or nothing and
 * stays. Arguments: port, the file, and a file to wait for before it begins, which has the netcat that is only tried pass by.
 */
const STRANGER = `
const { connect } = require('node:net');
const { existsSync, readFileSync } = require('node:fs');
const [address, file, after] = process.argv.slice(1);
const begin = () => {
  if (after && !existsSync(after)) return void setTimeout(begin, 5);
  const socket = connect({ host: address, port: 9990, allowHalfOpen: true });
  socket.on('error', (error) => error.code === 'ECONNREFUSED' ? setImmediate(begin) : undefined);
  socket.on('connect', () => file && socket.write(readFileSync(file)));
};
begin();
setInterval(() => {}, 1000);
`;

async function cloneBesideStranger(
  from: 'source' | 'replica',
  address: string,
  file: string,
  after: string,
): Promise<CommandResult> {
  const stranger = hosts.on(from, process.execPath, '-e', STRANGER, address, file, after);
  stranger.catch(() => undefined);
  try {
    return await clone();
  } finally {
    // Where it was turned away it has ended by itself.
    await hosts.on(from, 'pkill', '-KILL', '-f', 'argv.slice').catch(() => undefined);
  }
}

/** There from the moment when a clone begins to change anything. */
const claim = (host: 'source' | 'replica') =>
  host === 'source' ? join(hosts.dir, 'replica/lib/.twindb-clone') : '/var/lib/mysql/.twindb-clone';

describe.skipIf(noTwoHosts)('clone mysql by netcat', () => {
  it.each([
    [
      'from its own host sends a stream with a file',
      'source',
      'stream',
      'it did not send the secret of this clone',
    ],
    ['from its own host sends nothing', 'source', 'nothing', 'it sent nothing'],
    ['from another host is turned away', 'replica', 'stream', 'it sent nothing'],
  ] as const)(
    'ends with the other host untouched when what connects first %s',
    async (_what, from, sent, reason) => {
      // The real one, behind what shows all that it was ever given.
      hosts.put('sbin/mbstream', '#!/bin/sh\ntee /run/lab/given | /usr/bin/mbstream "$@"\n');
      const before = await hosts.describeReplica();
      const { exitCode, stderr } = await cloneBesideStranger(
        from,
        hosts.replicaAddress,
        sent === 'stream' ? plantingStream() : '',
        claim(from),
      );
      expect(stderr).toMatch(
        new RegExp(
          `^ERROR: Cloning to 192\\.0\\.2\\.2 failed while copying the data: Another program connected to ncat on 192\\.0\\.2\\.2 before this clone did: ${reason}\n`,
        ),
      );
      expect(stderr).toMatch(/^Nothing was unpacked\. Use --transport ssh/m);
      expect(stderr).toMatch(/^192\.0\.2\.2 is as it was before/m);
      expect(exitCode).toBe(1);
      expect(await hosts.on('replica', 'cat', '/run/lab/given')).toBe('');
      await expect.poll(() => hosts.describeReplica(), { timeout: 30_000, interval: 200 }).toBe(before);
    },
  );

  it('shows its secret to nobody who lists the processes of the other host', async () => {
    const seen: string[] = [];
    const ending = new AbortController();
    const watch = async () => {
      const script = 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; true';
      while (!ending.signal.aborted) seen.push(await hosts.on('replica', 'sh', '-c', script));
    };
    const watcher = watch();
    const { exitCode } = await clone();
    ending.abort();
    await watcher;
    expect(exitCode).toBe(0);
    // It did look while the receiver ran.
    expect(seen.join('')).toContain('sha256sum');
    expect(seen.join('')).not.toMatch(/[0-9a-f]{64}/);
  });
});
