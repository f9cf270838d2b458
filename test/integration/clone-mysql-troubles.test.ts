import { writeFileSync } from 'node:fs';
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

const password = () => ['--replication-password-file', hosts.passwordFile];

/** Runs a clone that has to fail, and makes sure that it has changed nothing there. */
async function fail(args: readonly string[], user?: string): Promise<CommandResult> {
  const before = await hosts.describeReplica();
  const result = await hosts.run(['clone', 'mysql', ...args], user);
  expect(result.exitCode).toBe(1);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toContain(hosts.password);
  await expectAsBefore(before);
  return result;
}

/** Programs of the replica take a moment to end when we have hung up. */
async function expectAsBefore(before: string): Promise<void> {
  await expect.poll(() => hosts.describeReplica(), { timeout: 30_000, interval: 200 }).toBe(before);
}

/** A program that stands in for the one of this name: our own PATH finds it first. */
const standIn = (name: string, body: string) => hosts.put(`sbin/${name}`, `#!/bin/sh\n${body}\n`);

describe.skipIf(noTwoHosts)('clone mysql refuses, before anything is changed,', () => {
  it('a data directory that is not empty', async () => {
    hosts.put('lib/ibdata1', 'precious');
    const { stderr } = await fail([...password(), hosts.replicaAddress]);
    expect(stderr).toMatch(
      /^ERROR: The data directory \/var\/lib\/mysql on 192\.0\.2\.2 is not empty\n.*move the directory away/,
    );
  });

  it('a user who cannot become root', async () => {
    const { stderr } = await fail([...password(), hosts.replicaAddress], 'dba');
    expect(stderr).toMatch(
      /^ERROR: dba cannot become root on 192\.0\.2\.2: sudo: .*\n.*ssh_user=root.*NOPASSWD/,
    );
  });

  it('a port that is taken, be it for netcat or for the server', async () => {
    const listen = async (port: number) => {
      await hosts.on('replica', 'sh', '-c', `ncat -k -l ${port} </dev/null >/dev/null 2>&1 &`);
      await expect
        .poll(() => hosts.on('replica', 'cat', '/proc/net/tcp'))
        .toContain(port.toString(16).toUpperCase());
    };
    await listen(9990);
    await listen(3308);
    const netcat = await fail([...password(), '--transport', 'netcat', hosts.replicaAddress]);
    expect(netcat.stderr).toMatch(/listens on port 9990 already\nName another port with --netcat-port/);
    const mysql = await fail([...password(), `${hosts.replicaAddress}:3308`]);
    expect(mysql.stderr).toMatch(
      /^ERROR: Something on 192\.0\.2\.2 listens on port 3308 already\nStop the MySQL server/,
    );
  });

  it('a replica that cannot connect back, or is not let in', async () => {
    const far = await fail([...password(), hosts.farAddress, hosts.replicaAddress]);
    expect(far.stderr).toMatch(
      /^ERROR: 192\.0\.2\.2 cannot reach the source at 198\.51\.100\.1:3306: no connection\n/,
    );
    const wrong = await fail(['--replication-password', 'wr0ng', hosts.replicaAddress]);
    expect(wrong.stderr).toMatch(
      /^ERROR: 192\.0\.2\.2 cannot log in as repl at the source at 192\.0\.2\.1:3306: access denied\n/,
    );
    expect(wrong.stderr).not.toContain('wr0ng');
  });

  it('a source that does not log what it receives from its own source, however that is called', async () => {
    for (const name of ["''", "'upstream'"]) {
      const change = `CHANGE MASTER ${name} TO MASTER_HOST='192.0.2.9', MASTER_PORT=3307, MASTER_USER='x'`;
      await hosts.sql('source', change);
      const { stderr } = await fail([...password(), hosts.replicaAddress]);
      await hosts.sql('source', `RESET SLAVE ${name} ALL`);
      expect(stderr).toMatch(
        /^ERROR: The server on this host does not log what it receives from its own source 192\.0\.2\.9:3307, so a replica of it would never get that\nSet log_slave_updates/,
      );
    }
  });

  it('an account that demands TLS, and says so', async () => {
    await hosts.sql('source', "CREATE USER tls@'192.0.2.%' IDENTIFIED BY 'x' REQUIRE SSL");
    const user = ['--replication-user', 'tls', '--replication-password', 'x'];
    const { stderr } = await fail([...user, hosts.replicaAddress]);
    await hosts.sql('source', "DROP USER tls@'192.0.2.%'");
    expect(stderr).toMatch(
      /^ERROR: 192\.0\.2\.2 cannot log in as tls at the source at 192\.0\.2\.1:3306: tls@192\.0\.2\.% demands TLS.*\nRun there: ALTER USER/,
    );
  });

  it('a disk that has no room for more than the data', async () => {
    await hosts.on('replica', 'mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', '/var/lib/mysql');
    const { stderr } = await fail([...password(), hosts.replicaAddress]);
    await hosts.on('replica', 'umount', '/var/lib/mysql');
    expect(stderr).toMatch(
      /^ERROR: Not enough space in \/var\/lib\/mysql on 192\.0\.2\.2: the data are .* are free$/m,
    );
  });

  it('a host that nobody answers on, and a source that is another host', async () => {
    const nobody = await fail([...password(), '192.0.2.9']);
    expect(nobody.stderr).toMatch(
      /^ERROR: Cannot connect to 192\.0\.2\.9, port 22: .*\nCheck the host's name/,
    );
    const other = await fail([...password(), hosts.replicaAddress, hosts.replicaAddress]);
    expect(other.stderr).toMatch(/^ERROR: SOURCE 192\.0\.2\.2 is another host\nRun the command there/);
  });

  it('a host without the programs, naming the package', async () => {
    // The PATH of our commands begins here; the real one stays where it is.
    standIn('mariadbd', 'echo "mariadbd  Ver 10.6.1-MariaDB for Linux"');
    const { stderr } = await fail([...password(), hosts.replicaAddress]);
    expect(stderr).toMatch(
      /^ERROR: 192\.0\.2\.2 has MariaDB 10\.6, and this host MariaDB 10\.\d+\nInstall the same series/,
    );
  });

  it('a configuration without [ssh], with the exit code for configurations', async () => {
    const config = join(hosts.dir, 'no-ssh.cfg');
    writeFileSync(config, '[destination]\nbackup_destination=local\n', { mode: 0o600 });
    const { exitCode, stderr } = await hosts.run([
      '--config',
      config,
      'clone',
      'mysql',
      hosts.replicaAddress,
    ]);
    expect(exitCode).toBe(78);
    expect(stderr).toMatch(/no-ssh\.cfg: there is no section \[ssh\]/);
  });
});

describe.skipIf(noTwoHosts)('clone mysql leaves the other host as it was, and names the step, when', () => {
  it('the copy cannot be unpacked there', async () => {
    standIn('mbstream', 'head -c 100000 >/var/lib/mysql/ibdata1; echo "no more" >&2; exit 3');
    const { stderr } = await fail([...password(), hosts.replicaAddress]);
    expect(stderr).toMatch(
      /^ERROR: Cloning to 192\.0\.2\.2 failed while copying the data: \S*mbstream on 192\.0\.2\.2 failed with exit code 3\n {2}no more\n192\.0\.2\.2 is as it was before/,
    );
  });

  it('the network has changed the bytes', async () => {
    // A netcat that falsifies, and an unpacker that takes everything: only the digests can tell.
    standIn('ncat', "/usr/bin/ncat \"$@\" | tr '\\000' '\\001'");
    standIn('mbstream', 'cat >/var/lib/mysql/ibdata1');
    const { stderr } = await fail([...password(), '--transport', 'netcat', hosts.replicaAddress]);
    expect(stderr).toMatch(
      /failed while copying the data: 192\.0\.2\.2 has received something else than was sent/,
    );
  });

  it('the copy cannot be prepared, although the program exits 0', async () => {
    standIn(
      'mariabackup',
      `[ "$1" = --no-defaults ] && exec /usr/bin/mariabackup "$@"; echo "'--a_filekey=GEHEIM'" >&2; echo "out of luck" >&2`,
    );
    const { stderr } = await fail([...password(), hosts.replicaAddress]);
    expect(stderr).toMatch(
      /failed while preparing the copy: \S*mariabackup on 192\.0\.2\.2 ended without saying "completed OK!"\n {2}'--a_filekey=…\n {2}out of luck\n/,
    );
  });

  it('an option file that only that host has gives it the id of its source', async () => {
    hosts.put('etc/mariadb.conf.d/99-own.cnf', '[mysqld]\nserver_id = 1\n');
    const { stderr } = await fail([...password(), hosts.replicaAddress]);
    expect(stderr).toMatch(/failed while starting the server: Its server_id is 1 instead of \d+/);
  });

  it('the command is ended in the middle, or the connection is cut', async () => {
    standIn('mbstream', 'head -c 10000 >/var/lib/mysql/ibdata1; sleep 3600');
    const unpacks = () =>
      expect
        .poll(() => hosts.on('replica', 'ls', '/var/lib/mysql'), { timeout: 30_000 })
        .toContain('ibdata1');
    const before = await hosts.describeReplica();
    const terminated = hosts.start(['clone', 'mysql', ...password(), hosts.replicaAddress]);
    await unpacks();
    await hosts.on('source', 'pkill', '-TERM', '-f', 'dist/cli/main.js');
    expect(await terminated.result).toMatchObject({
      exitCode: 143,
      stderr: 'ERROR: Interrupted by SIGTERM\n',
    });
    await expectAsBefore(before);

    const cut = hosts.start(['clone', 'mysql', ...password(), hosts.replicaAddress]);
    await unpacks();
    // The sessions, not the one that listens.
    await hosts.on('replica', 'pkill', '-KILL', '-f', '^sshd: root');
    const { exitCode, stderr } = await cut.result;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/failed while copying the data: .*connection was lost/);
    await expectAsBefore(before);
    expect(await hosts.on('source', 'ps', '-eo', 'comm=')).not.toContain('mariabackup');
  });
});

describe.skipIf(noTwoHosts)('clone mysql, after one that was killed,', () => {
  it('names what still runs, then what is left, and what it says to do makes room for another', async () => {
    // It does not read, so that it does not see that we have gone.
    standIn('mbstream', 'touch /var/lib/mysql/ibdata1; exec sleep 3600');
    const killed = hosts.start(['clone', 'mysql', ...password(), hosts.replicaAddress]);
    await expect
      .poll(() => hosts.on('replica', 'ls', '/var/lib/mysql'), { timeout: 30_000 })
      .toContain('ibdata1');
    await hosts.on('source', 'pkill', '-KILL', '-f', 'dist/cli/main.js');
    await killed.result;
    const running = await fail([...password(), hosts.replicaAddress]);
    const [, end = ''] =
      /^ERROR: Another clone is filling the data directory \/var\/lib\/mysql on 192\.0\.2\.2\nWait for it\. .*: (kill -TERM [-\d ]+)$/m.exec(
        running.stderr,
      ) ?? [];
    expect(end).toMatch(/^kill/);
    await hosts.on('replica', 'sh', '-c', end);
    await expect
      .poll(() => hosts.on('replica', 'ps', '-eo', 'comm='), { timeout: 20_000 })
      .not.toMatch(/mbstream|tee/);
    const left = await fail([...password(), hosts.replicaAddress]);
    const [, empty = ''] =
      /^ERROR: The data directory \/var\/lib\/mysql on 192\.0\.2\.2 holds what a clone has left that was killed or cut off\nEmpty it there and run this again: (.*)$/m.exec(
        left.stderr,
      ) ?? [];
    await hosts.on('replica', 'sh', '-c', empty);
    await hosts.on('replica', 'rm', '/usr/local/sbin/mbstream');
    const { exitCode, stderr } = await hosts.run(['clone', 'mysql', ...password(), hosts.replicaAddress]);
    expect([exitCode, stderr]).toEqual([0, '']);
  });
});
