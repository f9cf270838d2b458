import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { noTwoHosts, startTwoHosts, type TwoHosts } from '../lab/two-hosts.ts';

/** On a busy machine; on a quiet one a few seconds are enough. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let hosts: TwoHosts;

beforeAll(async () => {
  if (noTwoHosts === undefined) hosts = await startTwoHosts();
});
afterEach(async () => {
  await hosts?.on('source', 'sh', '-c', 'rm -f /etc/mysql/mariadb.conf.d/[6-9]*');
  await hosts?.reset();
});
afterAll(async () => await hosts?.[Symbol.asyncDispose]());

const words = (...args: readonly string[]) => [
  'clone',
  'mysql',
  '--replication-password-file',
  hosts.passwordFile,
  ...args,
];
const clone = () => hosts.run(words(hosts.replicaAddress));

/** Runs a clone that has to fail, and makes sure that it has changed nothing there. Returns what it says. */
async function fail(...args: readonly string[]): Promise<string> {
  const before = await hosts.describeReplica();
  const { exitCode, stderr } = await hosts.run(words(...args));
  expect(exitCode).toBe(1);
  await expect.poll(() => hosts.describeReplica(), { timeout: 30_000, interval: 200 }).toBe(before);
  return stderr;
}

const putConfig = (text: string) => hosts.put('etc/mariadb.conf.d/50-server.cnf', `[mysqld]\n${text}\n`);
const breakUnpacking = () =>
  hosts.put(
    'sbin/mbstream',
    '#!/bin/sh\nfor folder; do :; done\nhead -c 100000 >"$folder/ibdata1"\nexit 3\n',
  );

describe.skipIf(noTwoHosts)('clone mysql, where the data directory', () => {
  it('is a symbolic link to an empty file system, fills that', async () => {
    putConfig('datadir = /var/lib/mysql/link');
    await hosts.on('replica', 'sh', '-c', 'cd /var/lib/mysql && mkdir -p disk/lost+found && ln -s disk link');
    const { exitCode, stderr } = await clone();
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(await hosts.sql('replica', 'SELECT @@datadir')).toBe('/var/lib/mysql/link/');
    expect(await hosts.on('replica', 'ls', '-A', '/var/lib/mysql/disk')).not.toMatch(/twindb/);
  });

  it('is a symbolic link to nothing, refuses and leaves the link', async () => {
    putConfig('datadir = /var/lib/mysql/link');
    await hosts.on('replica', 'ln', '-s', 'unmounted', '/var/lib/mysql/link');
    expect(await fail(hosts.replicaAddress)).toMatch(
      /^ERROR: \/var\/lib\/mysql\/link on 192\.0\.2\.2 is no directory but a broken link or a file\n/,
    );
  });

  it('is absent with the folders above it, makes them, and removes them when a step fails', async () => {
    putConfig('datadir = /var/lib/mysql/a/b/data');
    breakUnpacking();
    expect(await fail(hosts.replicaAddress)).toMatch(
      /failed while copying the data: .*\n192\.0\.2\.2 is as it was/,
    );
    await hosts.on('replica', 'rm', '/usr/local/sbin/mbstream');
    const { exitCode, stderr } = await clone();
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  });

  it('is filled by somebody else in the meantime, does not touch what is in it', async () => {
    // The first that is asked after everything was looked at.
    hosts.put(
      'sbin/stat',
      '#!/bin/sh\ntouch /tmp/asked; while [ -e /tmp/asked ]; do sleep 0.1; done\nexec /usr/bin/stat "$@"\n',
    );
    const { result } = hosts.start(words(hosts.replicaAddress));
    await expect.poll(() => hosts.on('replica', 'ls', '/tmp'), { timeout: 60_000 }).toContain('asked');
    hosts.put('lib/ibdata1', 'precious');
    await hosts.on('replica', 'rm', '/tmp/asked');
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\/var\/lib\/mysql on 192\.0\.2\.2 cannot be filled: it is not empty\n/);
    expect(await hosts.on('replica', 'ls', '-A', '/var/lib/mysql')).toBe('ibdata1\n');
  });
});

describe.skipIf(noTwoHosts)('clone mysql, as to the configuration,', () => {
  it('gives each file the owner and the mode that it has on the source', async () => {
    const secret = '/etc/mysql/mariadb.conf.d/60-secret.cnf';
    await hosts.on(
      'source',
      'sh',
      '-c',
      `echo '[mysqld]' >${secret} && chown root:mysql ${secret} && chmod 640 ${secret}`,
    );
    expect(await clone()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await hosts.on('replica', 'stat', '-c', '%U:%G %a', secret)).toBe('root:mysql 640\n');
  });

  it('puts back a file that it had to write twice, by two names', async () => {
    // Here they are one file, on the source two; the id of the second one is the replica's own.
    await hosts.on('replica', 'ln', '-s', '50-server.cnf', '/etc/mysql/mariadb.conf.d/60-more.cnf');
    await hosts.on('source', 'sh', '-c', 'echo "[mysqld]" >/etc/mysql/mariadb.conf.d/60-more.cnf');
    hosts.put('etc/mariadb.conf.d/99-own.cnf', '[mysqld]\nserver_id = 1\n');
    expect(await fail(hosts.replicaAddress)).toMatch(/Its server_id is 1 instead of/);
  });

  it('refuses before the copy when a file is missing there that it names', async () => {
    await hosts.on(
      'source',
      'sh',
      '-c',
      'printf "[mysqld]\\nloose_ssl_key = \\"/etc/mysql/none/key.pem\\"\\n" >/etc/mysql/mariadb.conf.d/60-tls.cnf',
    );
    expect(await fail(hosts.replicaAddress)).toMatch(
      /^ERROR: 192\.0\.2\.2 lacks \/etc\/mysql\/none\/key\.pem, which the source's my\.cnf names\nCopy it there/,
    );
  });
});

describe.skipIf(noTwoHosts)('clone mysql', () => {
  it('takes none of the addresses of this host for another host', async () => {
    const key = join(hosts.dir, 'replica/run/lab/host_key');
    await hosts.on(
      'source',
      'sh',
      '-c',
      `mkdir -p /run/sshd && cp ${key} ${hosts.dir}/key.pub /run/lab/ && chmod 644 /run/lab/key.pub &&
       printf 'Port 22\\nHostKey /run/lab/host_key\\nAuthorizedKeysFile /run/lab/key.pub\\nPidFile /run/lab/sshd.pid\\nStrictModes no\\nUsePAM no\\n' >/run/lab/sshd_config &&
       sed 's/^192.0.2.2/192.0.2.1/' ${hosts.knownHosts} >>${hosts.knownHosts} && /usr/sbin/sshd -f /run/lab/sshd_config`,
    );
    const { exitCode, stderr } = await hosts.run(words(hosts.sourceAddress));
    await hosts.on('source', 'sh', '-c', 'kill $(cat /run/lab/sshd.pid)');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^ERROR: 192\.0\.2\.1 is this host, and a clone needs two/);
  });
});
