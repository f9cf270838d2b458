import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ENCRYPTION_KEY, encryptionLines } from '../lab/schemas.ts';
import { noTwoHosts, startTwoHosts, type TwoHosts } from '../lab/two-hosts.ts';

/** On a busy machine; on a quiet one a few seconds are enough. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let hosts: TwoHosts;

beforeAll(async () => {
  if (noTwoHosts === undefined) hosts = await startTwoHosts();
});
afterEach(async () => await hosts?.reset());
afterAll(async () => await hosts?.[Symbol.asyncDispose]());

async function expectClone(): Promise<void> {
  const args = ['--replication-password-file', hosts.passwordFile, hosts.replicaAddress];
  expect(await hosts.run(['clone', 'mysql', ...args])).toMatchObject({ exitCode: 0, stderr: '' });
}

describe.skipIf(noTwoHosts)('clone mysql of a source', () => {
  it('with a table that was made elsewhere by DATA DIRECTORY, brings it into the data directory', async () => {
    await hosts.on('source', 'install', '-d', '-o', 'mysql', '/run/lab/far');
    await hosts.sql(
      'source',
      `CREATE DATABASE shop; CREATE TABLE shop.far (id INT PRIMARY KEY) DATA DIRECTORY='/run/lab/far'`,
    );
    await hosts.sql('source', 'INSERT INTO shop.far VALUES (1), (2)');
    // As an earlier replica, or a shared disk, has it there.
    await hosts.sql('source', 'FLUSH TABLES shop.far FOR EXPORT');
    const file = 'run/lab/far/shop/far.ibd';
    cpSync(join(hosts.dir, 'source/run/lab/far'), join(hosts.dir, 'replica/run/lab/far'), {
      recursive: true,
    });
    await hosts.on('replica', 'chown', '-R', 'mysql', '/run/lab/far');
    const before = readFileSync(join(hosts.dir, 'replica', file));
    await expectClone();
    expect(await hosts.sql('replica', 'SELECT SUM(id) FROM shop.far')).toBe('3');
    await hosts.sql('source', 'INSERT INTO shop.far VALUES (3)');
    await expect
      .poll(() => hosts.sql('replica', 'SELECT SUM(id) FROM shop.far'), { timeout: 30_000 })
      .toBe('6');
    expect(readFileSync(join(hosts.dir, 'replica', file))).toEqual(before);
    await hosts.sql('source', 'DROP DATABASE shop');
  });

  it('that encrypts at rest, makes a replica that reads and encrypts by the same keys', async () => {
    const lines = ['[mysqld]', ...encryptionLines('/etc/mysql/keys'), 'innodb_encrypt_tables = ON', ''];
    writeFileSync(join(hosts.dir, 'source/etc/mariadb.conf.d/60-keys.cnf'), lines.join('\n'));
    writeFileSync(join(hosts.dir, 'source/etc/keys'), ENCRYPTION_KEY, { mode: 0o644 });
    hosts.put('etc/keys', ENCRYPTION_KEY);
    await hosts.restartSource();
    await hosts.sql(
      'source',
      'CREATE DATABASE vault; CREATE TABLE vault.secrets (v VARCHAR(30)) ENCRYPTED=YES',
    );
    await hosts.sql('source', "INSERT INTO vault.secrets VALUES ('plain words')");
    await expectClone();
    expect(await hosts.sql('replica', 'SELECT v FROM vault.secrets')).toBe('plain words');
    await hosts.sql('source', "INSERT INTO vault.secrets VALUES ('more of them')");
    await expect
      .poll(() => hosts.sql('replica', 'SELECT COUNT(*) FROM vault.secrets'), { timeout: 30_000 })
      .toBe('2');
    await hosts.sql('replica', 'FLUSH TABLES vault.secrets FOR EXPORT');
    const stored = await hosts.on('replica', 'cat', '/var/lib/mysql/vault/secrets.ibd');
    expect(stored).not.toContain('plain words');
  });
});
