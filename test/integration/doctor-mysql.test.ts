import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { backUp, configureMysql, listedBinlogs } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let server: MariadbServer;
beforeAll(async () => {
  server = await startMariadb();
});
afterAll(() => server[Symbol.asyncDispose]());

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

/** Exit code and what is found of the server: severity and message. */
async function examine(): Promise<{ exitCode: number | null; found: [string, string][] }> {
  const { exitCode, stdout } = await sandbox.run(
    'doctor',
    '--json',
    '--lock-file',
    join(sandbox.dir, 'lock'),
  );
  const { findings } = JSON.parse(stdout) as {
    findings: { part: string; severity: string; message: string }[];
  };
  const found = findings
    .filter(({ part }) => part === 'server')
    .map(({ severity, message }): [string, string] => [severity, message]);
  return { exitCode, found };
}

it('a server that can be backed up: the account, the program, the binary logs', async () => {
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  await server.sql('SET GLOBAL sync_binlog = 1');
  const { exitCode, found } = await examine();
  expect(exitCode).toBe(0);
  expect(found).toEqual([
    ['ok', expect.stringMatching(/^(MariaDB|MySQL) \S+ \(.*\), as backup$/)],
    ['ok', 'The account has every privilege that backups take'],
    ['ok', expect.stringMatching(/takes the copies$/)],
    ['ok', expect.stringMatching(/^Binary logs allow to recover to a moment \(binlog_format \w+\)$/)],
    [
      'note',
      expect.stringMatching(
        /^Binary logs are stored by the runs only: .* twindb-backup stream binlog stores it/,
      ),
    ],
  ]);
});

it('each privilege that is missing, as the statement that grants it', async () => {
  configureMysql(sandbox, { defaultsFile: server.weakDefaultsFile });
  const { exitCode, found } = await examine();
  expect(exitCode).toBe(1);
  const [, message = ''] = found.find(([severity]) => severity === 'failure') ?? [];
  expect(message).toMatch(
    /^The account lacks privileges\nRun as an administrator: .*GRANT RELOAD ON \*\.\* TO 'weak'@'localhost';/,
  );
  // Run as printed, they are enough.
  for (const sql of message.match(/GRANT [^;]+/g) ?? []) await server.sql(sql);
  const after = await examine();
  expect(after.found).toContainEqual(['ok', 'The account has every privilege that backups take']);
  expect(after.exitCode).toBe(0);
  await server.sql('REVOKE ALL PRIVILEGES, GRANT OPTION FROM weak@localhost');
});

it('no privilege of copies of the data where only binary logs are copied', async () => {
  configureMysql(sandbox, { defaultsFile: server.weakDefaultsFile }, { source: { backup_mysql: 'no' } });
  await server.sql('REVOKE ALL PRIVILEGES, GRANT OPTION FROM weak@localhost');
  await server.sql('GRANT RELOAD, BINLOG MONITOR ON *.* TO weak@localhost');
  try {
    const { exitCode, found } = await examine();
    expect(found.filter(([severity]) => severity === 'failure')).toEqual([]);
    expect(exitCode).toBe(0);
    expect(await backUp(sandbox, 'daily')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(listedBinlogs(sandbox).size).toBeGreaterThan(0);
    await server.sql('REVOKE RELOAD ON *.* FROM weak@localhost');
    expect((await examine()).found).toContainEqual([
      'failure',
      expect.stringMatching(/Run as an administrator: GRANT RELOAD ON \*\.\* TO 'weak'@'localhost';$/),
    ]);
  } finally {
    await server.sql('REVOKE ALL PRIVILEGES, GRANT OPTION FROM weak@localhost');
  }
});

it('settings of the logs by which a recovery would lack something', async () => {
  configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
  await server.sql("SET GLOBAL binlog_format = 'STATEMENT'");
  await server.sql('SET GLOBAL binlog_expire_logs_seconds = 3600');
  await server.sql('SET GLOBAL sync_binlog = 0');
  const { exitCode, found } = await examine();
  expect(exitCode).toBe(0);
  const warnings = found.filter(([severity]) => severity === 'warning').map(([, message]) => message);
  expect(warnings).toEqual([
    expect.stringContaining('binlog_format is STATEMENT'),
    expect.stringContaining('The server removes its logs after 60 minutes, and runs come every 60 minutes'),
  ]);
  expect(found).toContainEqual(['note', expect.stringContaining('sync_binlog is not 1')]);
});

it('a server without binary logs, and one that is away', async () => {
  await using silent = await startMariadb({ lines: ['skip_log_bin'] });
  configureMysql(sandbox, { defaultsFile: silent.backupDefaultsFile });
  const { exitCode, found } = await examine();
  expect(exitCode).toBe(0);
  expect(found).toContainEqual([
    'warning',
    expect.stringMatching(/^The server writes no binary logs.*\nSet log_bin/),
  ]);
  await silent.stop();
  const away = await examine();
  expect(away.exitCode).toBe(1);
  expect(away.found).toEqual([
    ['failure', expect.stringMatching(/^Cannot connect to MySQL .*\nStart the server/)],
  ]);
});
