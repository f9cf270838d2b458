import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { noTwoHosts, startTwoHosts, type TwoHosts } from '../lab/two-hosts.ts';

/** On a busy machine; on a quiet one a few seconds are enough. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let hosts: TwoHosts;

beforeAll(async () => {
  if (noTwoHosts !== undefined) return;
  hosts = await startTwoHosts();
  await hosts.sql(
    'source',
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB',
  );
  await hosts.sql('source', 'USE shop; INSERT INTO orders SELECT seq FROM seq_1_to_20000');
});
afterEach(async () => await hosts?.reset());
afterAll(async () => await hosts?.[Symbol.asyncDispose]());

/** Writes on the source go on, and appear on the replica. */
async function expectReplicating(id: number): Promise<void> {
  await hosts.sql('source', `INSERT INTO shop.orders VALUES (${id})`);
  await expect
    .poll(() => hosts.sql('replica', `SELECT id FROM shop.orders WHERE id = ${id}`), { timeout: 30_000 })
    .toBe(String(id));
  const rows = 'SELECT COUNT(*), SUM(id) FROM shop.orders';
  expect(await hosts.sql('replica', rows)).toBe(await hosts.sql('source', rows));
}

describe.skipIf(noTwoHosts)('clone mysql', () => {
  it('makes another host a replica, on which rows appear that are written afterwards', async () => {
    const args = ['clone', 'mysql', '--replication-password-file', hosts.passwordFile, hosts.replicaAddress];
    const { exitCode, stdout, stderr } = await hosts.run(['--debug', ...args]);
    expect(stderr.replace(/^(DEBUG|INFO): .*\n/gm, '')).toBe('');
    expect(stderr).toMatch(/^INFO: 192\.0\.2\.2: preparing the copy$/m);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^192\.0\.2\.2:3306 replicates from 192\.0\.2\.1:3306: both threads run, .*and all is applied up to mysql-bin\.\d+, position \d+\. It began/,
    );
    expect(stdout).toMatch(/^It takes writes of others than its source as well: read_only is OFF/m);
    await expectReplicating(100_001);
    // It has the source's configuration, comments and all, but an id of its own.
    const config = await hosts.on(
      'replica',
      'cat',
      '/etc/mysql/my.cnf',
      '/etc/mysql/mariadb.conf.d/50-server.cnf',
    );
    const id = await hosts.sql('replica', 'SELECT @@server_id');
    expect(config).toContain('# The source.');
    expect(config).toMatch(new RegExp(`^server_id = ${id}   # never twice$`, 'm'));
    expect(id).not.toBe('1');
    // Nobody has seen the password: neither the log nor, as it lists them, the arguments of any program over there.
    expect(stderr).toContain('On 192.0.2.2: ');
    expect(stdout + stderr).not.toContain(hosts.password);
    expect(await hosts.on('replica', 'ls', '-A', '/tmp')).toBe('');
  });

  it('goes by netcat, compressed, as a user who needs sudo, and starts the server by systemd', async () => {
    hosts.put('sudoers.d/dba', 'dba ALL=(root) NOPASSWD: ALL\n');
    hosts.put('run/systemd/system/.keep', '');
    hosts.put('sbin/systemctl', SYSTEMCTL_STAND_IN);
    const address = `${hosts.sourceAddress}:3306`;
    const options = ['--transport', 'netcat', '--netcat-port', '9991', '--compress'];
    const args = [
      ...options,
      '--replication-password-file',
      hosts.passwordFile,
      address,
      hosts.replicaAddress,
    ];
    const { exitCode, stderr } = await hosts.run(['clone', 'mysql', ...args], 'dba');
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(await hosts.on('replica', 'cat', '/run/systemd/calls')).toMatch(/^start mariadb$/m);
    await expectReplicating(100_002);
  });

  it('applies nothing twice of a server that has got another id since it was a replica', async () => {
    // As on a node that was once seeded from another: what it logged last is not its own by the id.
    await hosts.sql(
      'source',
      `CREATE TABLE shop.log (id INT) ENGINE=InnoDB; SET @@session.server_id = 7; INSERT INTO shop.log VALUES (1), (2), (3)`,
    );
    await hosts.sql('source', "SET GLOBAL gtid_slave_pos = '0-7-1'");
    const args = ['clone', 'mysql', '--replication-password-file', hosts.passwordFile, hosts.replicaAddress];
    expect(await hosts.run(args)).toMatchObject({ exitCode: 0, stderr: '' });
    await expectReplicating(100_004);
    expect(await hosts.sql('replica', 'SELECT COUNT(*) FROM shop.log')).toBe('3');
    await hosts.sql('source', "DROP TABLE shop.log; SET GLOBAL gtid_slave_pos = ''");
  });

  it('begins at the binlog position where there are no GTIDs, and starts the server itself where nothing else would', async () => {
    await hosts.sql('source', 'RESET MASTER');
    await hosts.on('replica', 'rm', '/etc/init.d/mariadb', '-r', '/run/mysqld');
    const args = ['--replication-password-file', hosts.passwordFile, `${hosts.replicaAddress}:3307`];
    const { exitCode, stdout, stderr } = await hosts.run(['clone', 'mysql', ...args]);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('It began at mysql-bin.000001, position ');
    expect(stdout).toContain('After a restart of the host run: mysqld --user=mysql');
    expect(await hosts.sql('replica', 'SELECT @@port')).toBe('3307');
    await expectReplicating(100_003);
  });
});

/** For systemd, which a namespace cannot run: knows one unit, notes down its calls, starts the real server. */
const SYSTEMCTL_STAND_IN = `#!/bin/sh
echo "$@" >>/run/systemd/calls
case $1 in
  cat) [ "$3" = mariadb.service ] ;;
  start)
    setsid mariadbd --user=mysql </dev/null >/dev/null 2>&1 &
    for try in $(seq 600); do mariadb-admin --no-defaults --socket=/run/mysqld/mysqld.sock ping 2>/dev/null && exit; sleep 0.1; done
    exit 1 ;;
  stop) pkill -x mariadbd; while pgrep -x mariadbd; do sleep 0.1; done ;;
esac
`;
