import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ReplicationLimits, requireReplicating } from '../../src/jobs/clone/require-replicating.ts';
import { readSourcePlace } from '../../src/jobs/clone/source-place.ts';
import { connectMysql, type MysqlServer } from '../../src/mysql/server/server.ts';
import { noTwoHosts, startTwoHosts, type TwoHosts } from '../lab/two-hosts.ts';
import { collectLog } from './mysql-log.ts';

/** On a busy machine; on a quiet one a few seconds are enough. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const context = { log: collectLog().log, signal: new AbortController().signal };
const LIMITS: ReplicationLimits = {
  beginMs: 30_000,
  steadyMs: 1000,
  catchUpMs: 3000,
  standstillMs: 6000,
};

let hosts: TwoHosts;
const cloneWords = () => [
  'clone',
  'mysql',
  '--replication-password-file',
  hosts.passwordFile,
  hosts.replicaAddress,
];

beforeAll(async () => {
  if (noTwoHosts !== undefined) return;
  hosts = await startTwoHosts();
  await hosts.sql('source', 'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
  await hosts.sql('source', 'INSERT INTO shop.orders VALUES (1)');
});
afterAll(async () => await hosts?.[Symbol.asyncDispose]());

/** A connection to the server of a host, past its network. */
async function connect(host: 'source' | 'replica'): Promise<MysqlServer> {
  const defaultsFile = join(hosts.dir, `${host}.cnf`);
  const socket = join(hosts.dir, host, 'run/mysqld/mysqld.sock');
  writeFileSync(defaultsFile, `[client]\nuser = admin\npassword = "admin secret"\nsocket = ${socket}\n`, {
    mode: 0o600,
  });
  return await connectMysql({ defaultsFile }, collectLog().log);
}

describe.skipIf(noTwoHosts)('a clone that is made', () => {
  let source: MysqlServer;
  let replica: MysqlServer;
  beforeAll(async () => {
    expect(await hosts.run(cloneWords())).toMatchObject({ exitCode: 0, stderr: '' });
    [source, replica] = await Promise.all([connect('source'), connect('replica')]);
  });
  afterAll(async () => {
    await Promise.all([source, replica].map((each) => each?.[Symbol.asyncDispose]()));
    await hosts?.reset();
  });
  const prove = async () => await requireReplicating(replica, await readSourcePlace(source), context, LIMITS);

  it('has caught up with an idle source, also where its log has just ended', async () => {
    expect(await prove()).toMatchObject({ hasCaughtUp: true });
    await source.query('FLUSH BINARY LOGS');
    const place = await readSourcePlace(source);
    expect(await prove()).toMatchObject({
      hasCaughtUp: true,
      applied: { binlog: place.binlog, position: place.position },
    });
  });

  it('is behind, and no more than that, while it applies what has piled up', async () => {
    await replica.query('STOP SLAVE');
    const slow = Array.from(
      { length: 80 },
      (_, id) => `INSERT INTO shop.orders SELECT ${1000 + id} + SLEEP(0.1)`,
    );
    await hosts.sql('source', `SET SESSION binlog_format = STATEMENT; ${slow.join('; ')}`);
    await replica.query('START SLAVE');
    expect(await prove()).toMatchObject({ hasCaughtUp: false });
    await expect.poll(async () => (await prove()).hasCaughtUp, { timeout: 60_000 }).toBe(true);
  });

  it('is not done while what arrives is not applied, and says what the server waits for', async () => {
    await using holder = await connect('replica');
    await holder.query('FLUSH TABLES WITH READ LOCK');
    await source.query('INSERT INTO shop.orders VALUES (2)');
    await expect(prove()).rejects.toThrow(
      /^Replication stands still, and nothing of it is applied although both threads run \(.*lock.*\): the source had logged up to mysql-bin\.\d+, position \d+; the replica has received up to mysql-bin/i,
    );
    await holder.query('UNLOCK TABLES');
    expect(await prove()).toMatchObject({ hasCaughtUp: true });
  });

  it('is not done while nothing arrives, although both threads say Yes', async () => {
    await hosts.on('source', 'ip', 'link', 'set', 'eth0', 'down');
    await source.query('INSERT INTO shop.orders VALUES (3)');
    await expect(prove()).rejects.toThrow(
      /nothing of it arrives although both threads run .* Look at the network between/,
    );
    await hosts.on('source', 'ip', 'link', 'set', 'eth0', 'up');
    await replica.query('STOP SLAVE');
    await replica.query('START SLAVE');
    expect(await prove()).toMatchObject({ hasCaughtUp: true });
  });

  it('is not done when its applier ends with an error', async () => {
    await replica.query('INSERT INTO shop.orders VALUES (4)');
    await source.query('INSERT INTO shop.orders VALUES (4)');
    await expect(prove()).rejects.toThrow(/^Replication does not run: .*Duplicate entry '4'/);
  });
});

describe.skipIf(noTwoHosts)('clone mysql', () => {
  afterEach(async () => await hosts.reset());

  /** Runs a clone that has to fail, and to change everything back. Returns what it says. */
  async function fail(meanwhile?: () => Promise<void>): Promise<string> {
    const before = await hosts.describeReplica();
    const { result } = hosts.start(cloneWords());
    await meanwhile?.();
    const { exitCode, stdout, stderr } = await result;
    expect([exitCode, stdout]).toEqual([1, '']);
    await expect.poll(() => hosts.describeReplica(), { timeout: 30_000, interval: 200 }).toBe(before);
    return stderr;
  }

  it('fails when the first event from its source cannot be applied', async () => {
    hosts.put('etc/mariadb.conf.d/99-own.cnf', '[mysqld]\ninit_file = /etc/mysql/conflict.sql\n');
    hosts.put('etc/conflict.sql', 'SET sql_log_bin = 0; \nINSERT INTO shop.orders VALUES (77);\n');
    // Between the copy and replication.
    hosts.put(
      'sbin/mariabackup',
      '#!/bin/sh\ncase "$*" in *--prepare*) touch /tmp/asked; while [ -e /tmp/asked ]; do sleep 0.1; done ;; esac\nexec /usr/bin/mariabackup "$@"\n',
    );
    const stderr = await fail(async () => {
      await expect.poll(() => hosts.on('replica', 'ls', '/tmp'), { timeout: 60_000 }).toContain('asked');
      await hosts.sql('source', 'INSERT INTO shop.orders VALUES (77)');
      await hosts.on('replica', 'rm', '/tmp/asked');
    });
    expect(stderr).toMatch(
      /^ERROR: Cloning to 192\.0\.2\.2 failed while starting replication: Replication does not run: .*Duplicate entry '77'.*\n192\.0\.2\.2 is as it was before/,
    );
  });

  it('fails when an option file of the other host makes it leave out what its source sends', async () => {
    hosts.put('etc/mariadb.conf.d/99-own.cnf', '[mysqld]\nreplicate_ignore_db = shop\n');
    expect(await fail()).toMatch(
      /failed while starting replication: Replication would leave something out: Replicate_Ignore_DB: shop\n/,
    );
  });

  it('refuses to make the filters of this host those of its replica', async () => {
    const file = join(hosts.dir, 'source/etc/mariadb.conf.d/60-filters.cnf');
    writeFileSync(file, '[mysqld]\nreplicate-wild-do-table = blog.%\nbinlog_ignore_db = scratch\n');
    await hosts.restartSource();
    expect(await fail()).toMatch(
      /^WARNING: A replica .* leave out: binlog_ignore_db=scratch\nERROR: The my\.cnf of this host would make the replica leave out changes of this host: replicate_wild_do_table=blog\.%\nTake these lines out/,
    );
  });
});
