import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { isMysql, startMariadb } from '../lab/mariadb.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

/** The account of the documentation, which may not ask for the status of a replica. */
const configure = (server: { readonly backupDefaultsFile: string }) =>
  configureMysql(
    sandbox,
    { defaultsFile: sandbox.file('client.cnf', readFileSync(server.backupDefaultsFile)) },
    { source: { backup_mysql: 'no' } },
  );
const run = () => backUp(sandbox, 'hourly');

describe.skipIf(isMysql)('what the binary logs do not hold', () => {
  it('is said of a replica that does not log what it receives, once, to an account without more privileges', async () => {
    await using source = await startMariadb();
    await using replica = await startMariadb();
    configure(replica);
    expect(await run()).toEqual(SILENT);
    await source.sql("CREATE USER repl@'127.0.0.1' IDENTIFIED BY 'x'");
    await source.sql("GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'");
    await replica.sql(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${source.port}, MASTER_USER='repl', MASTER_PASSWORD='x'`,
    );
    await replica.sql('START SLAVE');
    await delay(500);
    const { exitCode, stderr } = await run();
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^WARNING: The binary logs of this server do not hold what it receives from other servers \(log_slave_updates is off\)\. .*\n$/,
      ),
    ]);
    expect(await run()).toEqual(SILENT);
  });

  it('is not said of a replica that logs it, and is of databases that options leave out', async () => {
    await using filtered = await startMariadb({
      lines: ['log_slave_updates', 'binlog_do_db = a', 'binlog_do_db = b', 'binlog_ignore_db = c'],
    });
    await filtered.sql("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='repl'");
    await filtered.sql('START SLAVE');
    configure(filtered);
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      'do not hold the databases that these options leave out: binlog_do_db=a,b, binlog_ignore_db=c. Replaying',
    );
    expect(stderr).not.toContain('replica');
    expect(await run()).toEqual(SILENT);
  });
});
