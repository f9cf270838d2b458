import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql, listedMysql, mysqlObjectsIn, statusOf } from '../fixtures/mysql-run.ts';
import { installXtrabackup } from '../stand-ins/install.ts';
import { makeServerFiles, type ServerFiles } from '../stand-ins/mysql-files.ts';
import { GTIDS, type Kind, startStandIn } from '../stand-ins/mysql-server.ts';

/**
 * MySQL, Percona Server and XtraBackup are in no release of Debian: here both ends are stand-ins, and what is real is our own
 * part and the protocol. `make test-matrix` has the same stand-in back up a real MySQL.
 */
const MYSQL_84: Kind = { version: '8.4.3', comment: 'MySQL Community Server - GPL' };
const SERVERS: readonly (readonly [series: string, vendor: string, Kind])[] = [
  ['2.4', 'oracle', { version: '5.7.44-log', comment: 'MySQL Community Server (GPL)' }],
  ['8.0', 'percona', { version: '8.0.39-30', comment: 'Percona Server (GPL), Release 30' }],
  ['8.4', 'oracle', MYSQL_84],
];
let sandbox: Sandbox;
let files: ServerFiles;
beforeEach(() => {
  sandbox = createSandbox();
  files = makeServerFiles(join(sandbox.dir, 'server'));
  files.write('ibdata1', [0, 1, 2]);
  files.write('shop/orders.ibd', [0, 1, 2, 3]);
  files.write('shop/old.ibd', [0]);
});
afterEach(() => sandbox[Symbol.dispose]());

const configure = (port: number, mysql: Record<string, string>) =>
  configureMysql(
    sandbox,
    {
      defaultsFile: sandbox.file(
        'client.cnf',
        `[client]\nuser=backup\npassword="a#b"\nhost=127.0.0.1\nport=${port}\n`,
      ),
    },
    { mysql },
  );

const filesIn = (dir: string): Map<string, string> =>
  new Map(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /^(ibdata|.*\.ibd)/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => [path.slice(dir.length + 1), readFileSync(path, 'base64')]),
  );

describe.each(SERVERS)('XtraBackup %s (a stand-in)', { timeout: 120_000 }, (series, vendor, kind) => {
  it('takes a full and an incremental copy, and makes the data of either again', async () => {
    await using server = await startStandIn(files, kind);
    configure(server.port, installXtrabackup(sandbox, series).options);
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    const atFull = filesIn(files.datadir);
    files.write('shop/orders.ibd', [1, 5]);
    files.write('shop/young.ibd', [0]);
    rmSync(join(files.datadir, 'shop/old.ibd'));
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);

    const [incremental, full] = listedMysql(sandbox);
    expect(incremental).toMatchObject({ type: 'incremental', parent: full?.key, vendor, lsn: files.lsn() });
    expect(full).toMatchObject({ type: 'full', vendor });
    expect(statusOf(sandbox, incremental?.key ?? '')).toMatchObject({
      binlog: 'mysql-bin.000002',
      position: 28,
      gtid: GTIDS,
      server_version: kind.version,
    });
    const [restored, verified] = [join(sandbox.dir, 'restored'), join(sandbox.dir, 'verified')];
    expect(await sandbox.run('restore', 'mysql', full?.key ?? '', '--dst', restored)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(filesIn(restored)).toEqual(atFull);
    const verification = await sandbox.run('verify', 'mysql', 'latest', '--dst', verified);
    expect([verification.exitCode, verification.stderr]).toEqual([0, '']);
    expect(JSON.parse(verification.stdout)).toMatchObject({ success: true });
    expect(filesIn(verified)).toEqual(filesIn(files.datadir));
    for (const dst of [restored, verified]) {
      expect(readFileSync(join(dst, 'xtrabackup_checkpoints'), 'utf8')).toContain('full-prepared');
    }
  });
});

describe('a backup with XtraBackup (a stand-in) leaves no copy', () => {
  const run = async (kind: Kind, mysql: Record<string, string>) => {
    await using server = await startStandIn(files, kind);
    configure(server.port, mysql);
    const { exitCode, stdout, stderr } = await backUp(sandbox, 'daily');
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr.match(/^ERROR: /gm)).toHaveLength(1);
    expect(mysqlObjectsIn(sandbox)).toEqual([]);
    expect(listedMysql(sandbox)).toEqual([]);
    return { stderr, statements: server.statements };
  };

  it('when the account lacks BACKUP_ADMIN, and the message says so', async () => {
    const { stderr } = await run(
      { ...MYSQL_84, lacks: 'BACKUP_ADMIN' },
      installXtrabackup(sandbox, '8.4').options,
    );
    expect(stderr).toContain('Grant the backup user the privilege BACKUP_ADMIN ON *.*.');
  });

  it('when the account may not read where the binary log is, and the message says what to grant', async () => {
    const { options } = installXtrabackup(sandbox, '8.4');
    const { stderr } = await run({ ...MYSQL_84, lacks: 'log_status' }, options);
    expect(stderr).toContain('Grant the backup user SELECT ON performance_schema.log_status.');
  });

  it('when the program is killed half-way', async () => {
    const { stderr } = await run(MYSQL_84, installXtrabackup(sandbox, '8.4', 'die').options);
    expect(stderr).toContain('was killed by SIGKILL');
  });

  it.each([
    ['8.0', MYSQL_84, 'version 8.0.35-30, and version 8.4 is needed'],
    [
      '8.4',
      { version: '8.0.40', comment: 'MySQL Community Server - GPL' },
      'version 8.4.0-1, and version 8.0 is needed',
    ],
    [
      '2.4',
      { version: '8.0.40', comment: 'MySQL Community Server - GPL' },
      'version 2.4.29, and version 8.0 is needed',
    ],
    ['8.0', { version: '10.11.6-MariaDB', comment: 'Debian 12' }, 'made for MySQL and Percona Server only'],
  ] as const)(
    'of series %s when the server is of another one: refused before it runs',
    async (series, kind, reason) => {
      const { stderr, statements } = await run(kind, installXtrabackup(sandbox, series).options);
      expect(stderr).toContain(reason);
      expect(statements.filter((sql) => /LOCK|INNODB STATUS/.test(sql))).toEqual([]);
    },
  );

  it('when mariabackup is named for MySQL: refused before it runs', async () => {
    const { stderr } = await run(MYSQL_84, { xtrabackup_binary: 'mariabackup' });
    expect(stderr).toContain('cannot back up or restore MySQL 8.4: it is made for MariaDB only');
    expect(stderr).toContain('apt-get install percona-xtrabackup-84');
  });
});

it('a copy of MySQL 8.4 is refused by XtraBackup 8.0 before it is prepared, and the folder left empty', async () => {
  await using server = await startStandIn(files, MYSQL_84);
  configure(server.port, installXtrabackup(sandbox, '8.4').options);
  await backUp(sandbox, 'daily');
  configure(server.port, installXtrabackup(sandbox, '8.0').options);
  const dst = join(sandbox.dir, 'restored');
  const [key = ''] = mysqlObjectsIn(sandbox);
  const { exitCode, stderr } = await sandbox.run('restore', 'mysql', key, '--dst', dst);
  expect([exitCode, existsSync(dst) ? readdirSync(dst) : []]).toEqual([1, []]);
  expect(stderr).toContain('version 8.0.35-30, and version 8.4 is needed');
});

it('what the stand-in for xtrabackup streams, the real mbstream unpacks to the same files', async () => {
  await using server = await startStandIn(files, MYSQL_84);
  const { options, folder } = installXtrabackup(sandbox, '8.4');
  configure(server.port, options);
  await backUp(sandbox, 'daily');
  const [key = ''] = mysqlObjectsIn(sandbox);
  const stream = gunzipSync(readFileSync(join(sandbox.dir, 'repository', key)));
  const unpack = (program: string, name: string) => {
    const dir = join(sandbox.dir, name);
    mkdirSync(dir);
    execFileSync(program, ['-x', '-C', dir], { input: stream });
    return filesIn(dir);
  };
  expect(unpack('mbstream', 'real')).toEqual(unpack(join(folder, 'xbstream'), 'stand-in'));
});
