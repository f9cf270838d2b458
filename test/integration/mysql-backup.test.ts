import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, SILENT } from '../fixtures/backup-run.ts';
import { truncate } from '../fixtures/mysql-copies.ts';
import {
  backUp,
  configureMysql,
  listedMysql,
  mysqlObjectsIn,
  objectsIn,
  statusOf,
} from '../fixtures/mysql-run.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { loadSchemas } from '../lab/schemas.ts';
import { startWriter } from '../lab/writer.ts';

/** [mysql] mysql_defaults_file, when nothing else is configured. */
const DEFAULT_DEFAULTS_FILE = '/root/.my.cnf';

let server: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  server = await startMariadb();
  await loadSchemas(server, { tables: 200, rows: 50 });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  sandbox = createSandbox();
  // What the others wrote need not be copied again by each run.
  await server.resetBinlogs();
});
afterEach(() => sandbox[Symbol.dispose]());

/** mariabackup, but its stream ends as `end`, shell commands, say. */
function program(end: string): Record<string, string> {
  const version = 'case "$*" in *--version*) exec mariabackup "$@";; esac';
  const path = sandbox.file('bin/backup-program', `#!/bin/sh\n${version}\n${end}\n`);
  chmodSync(path, 0o755);
  return { xtrabackup_binary: path };
}

describe('a MySQL backup', () => {
  it('is full, then incremental, in silence, while others write, and the Python tool can read its status', async () => {
    configureMysql(sandbox, server);
    await using writer = await startWriter(server);
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    expect(await writer.stop()).toBeGreaterThan(10);

    const entries = listedMysql(sandbox);
    expect(entries.map(({ type, runType }) => [type, runType])).toEqual([
      ['incremental', 'hourly'],
      ['full', 'daily'],
    ]);
    const [incremental, full] = entries;
    expect(incremental?.parent).toBe(full?.key);
    expect(full?.parent).toBeNull();
    expect(incremental?.lsn).toBeGreaterThan(full?.lsn ?? 0);
    expect(new Map(full?.config).get(server.serverOptionsFile)).toBe(
      readFileSync(server.serverOptionsFile, 'utf8'),
    );
    expect(mysqlObjectsIn(sandbox)).toEqual([full?.key ?? '', incremental?.key ?? '']);
    expect(statusOf(sandbox, full?.key ?? '')).toMatchObject({
      binlog: expect.stringMatching(/^mysql-bin\.\d+$/) as string,
      position: expect.any(Number) as number,
      gtid: expect.stringMatching(/^\d+-\d+-\d+$/) as string,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      size: expect.any(Number) as number,
      chain: ['.gz'],
    });

    const json = await sandbox.run('ls', '--type', 'mysql', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      copies: [
        { backup_type: 'incremental', parent: full?.key, lsn: incremental?.lsn, listed: true },
        { backup_type: 'full', parent: null, lsn: full?.lsn, listed: true },
      ],
    });
    const long = await sandbox.run('ls', '-l', '--type', 'mysql');
    const { location } = (JSON.parse(json.stdout) as { copies: { location: string }[] }).copies[0] ?? {};
    expect(long.stdout.split('\n')[0]).toMatch(
      new RegExp(`^incremental +\\d+ +\\d+s +${incremental?.lsn} ${location} <- ${full?.key}$`),
    );
    const { copies } = JSON.parse((await sandbox.run('ls', '--type', 'binlog', '--json')).stdout) as {
      copies: { listed: boolean }[];
    };
    expect(copies.map(({ listed }) => listed)).not.toContain(false);
    const status = JSON.parse((await sandbox.run('status')).stdout) as { daily: object };
    expect(Object.keys(status.daily)).toEqual([full?.key]);
    const binlogs = JSON.parse((await sandbox.run('status', '--type', 'binlog')).stdout) as object;
    expect(Object.keys(binlogs)).toHaveLength(copies.length);
  });

  it('is copied by as many threads, and as fast, as is configured, and can be restored', async () => {
    const said = join(sandbox.dir, 'arguments');
    const mysql = { ...program(`echo "$@" >>${said}; exec mariabackup "$@"`), parallel: 4, throttle: 200 };
    configureMysql(sandbox, server, { mysql });
    for (const runType of ['daily', 'hourly']) expect(await backUp(sandbox, runType)).toEqual(SILENT);
    const backups = readFileSync(said, 'utf8')
      .split('\n')
      .filter((line) => line.includes('--backup'));
    expect(backups).toHaveLength(2);
    for (const line of backups) expect(line).toContain(' --parallel=4 --throttle=200');
    expect(await sandbox.run('verify', 'mysql', 'latest')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('is copied and prepared by programs that are as nice as is configured', async () => {
    const said = join(sandbox.dir, 'said');
    // Field 19 of proc(5): the name of a shell has no blanks.
    const script = `echo "$(cut -d' ' -f19 /proc/$$/stat) $(ionice -p $$) $*" >>${said}; exec mariabackup "$@"`;
    configureMysql(sandbox, server, {
      mysql: program(script),
      limits: { nice: 4, ionice: 'best-effort 6', max_rate: '200M' },
    });
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    expect(await sandbox.run('verify', 'mysql', 'latest')).toMatchObject({ exitCode: 0, stderr: '' });
    const lines = readFileSync(said, 'utf8').split('\n');
    const asSaid = `${Math.min(19, getPriority() + 4)} best-effort: prio 6 `;
    for (const step of ['--backup', '--prepare']) {
      const [line, ...others] = lines.filter((each) => each.includes(` ${step} `));
      expect([line?.slice(0, asSaid.length), others], step).toEqual([asSaid, []]);
    }
  });

  it('says why it is full or incremental, shows what the program says, and never the password', async () => {
    configureMysql(sandbox, server);
    const full = await backUp(sandbox, 'daily', '--debug');
    expect(full.stderr).toContain('DEBUG: The copy is full: [mysql] full_backup is daily');
    expect(full.stderr).toContain('completed OK!');
    const incremental = await backUp(sandbox, 'hourly', '--debug');
    expect(incremental.stderr).toContain('The copy is incremental: it continues');
    expect(full.stderr + incremental.stderr).not.toContain('secret');
  });

  it.each([
    ['is gone', (path: string) => rmSync(path)],
    ['is not whole', (path: string) => truncate(path)],
  ])('is full with a warning when the parent %s', async (what, harm) => {
    configureMysql(sandbox, server);
    await backUp(sandbox, 'daily');
    const [parent = ''] = mysqlObjectsIn(sandbox);
    harm(join(sandbox.dir, 'repository', parent));
    const run = await backUp(sandbox, 'hourly');
    expect(run).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('WARNING: A full copy') as string,
    });
    expect(run.stderr).toContain(`${parent} ${what}`);
    expect(listedMysql(sandbox).find(({ runType }) => runType === 'hourly')?.type).toBe('full');
  });

  it('keeps a full copy as long as an incremental one continues it', async () => {
    // With copies of binary logs, the copy that the oldest of them continue would stay too.
    await using other = await startMariadb({ lines: ['skip_log_bin'] });
    configureMysql(sandbox, other, { retention: { daily_copies: 1, hourly_copies: 1 } });
    for (const runType of ['daily', 'hourly', 'daily']) await backUp(sandbox, runType);
    expect(listedMysql(sandbox).map(({ runType }) => runType)).toEqual(['hourly', 'daily', 'daily']);
    await backUp(sandbox, 'hourly');
    // The hourly copy that continued the first full one has gone, and nothing needs that one any more.
    expect(listedMysql(sandbox).map(({ runType }) => runType)).toEqual(['hourly', 'daily']);
    const left = listedMysql(sandbox);
    expect(mysqlObjectsIn(sandbox)).toEqual(left.map(({ key }) => key).toSorted());
    for (const { parent } of left) if (parent !== null) expect(left.map(({ key }) => key)).toContain(parent);
  });

  it('lies in keep_local_path before encryption, with a status of its own and true keys', async () => {
    const { gpg } = useLab();
    configureMysql(sandbox, server, {
      destination: { keep_local_path: join(sandbox.dir, 'kept') },
      gpg: { recipient: gpg.recipient, keyring: gpg.keyring },
      retention_local: { daily_copies: 1, hourly_copies: 1 },
    });
    expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    const [incremental, full] = listedMysql(sandbox, 'kept');
    expect(incremental).toMatchObject({ type: 'incremental', parent: full?.key });
    expect(mysqlObjectsIn(sandbox, 'kept')).toEqual([full?.key, incremental?.key]);
    expect(full?.key).toMatch(/\.xbstream\.gz$/);
    expect(mysqlObjectsIn(sandbox)).toEqual([`${full?.key}.gpg`, `${incremental?.key}.gpg`]);
    expect(listedMysql(sandbox)[0]?.parent).toBe(`${full?.key}.gpg`);
  });

  it('has the secrets of my.cnf in no status that lies beside encrypted copies', async () => {
    const { gpg } = useLab();
    const own = readFileSync(server.serverOptionsFile);
    appendFileSync(server.serverOptionsFile, '[sst]\nwsrep_sst_auth = sst:geheim\n');
    try {
      configureMysql(sandbox, server, {
        destination: { keep_local_path: join(sandbox.dir, 'kept') },
        gpg: { recipient: gpg.recipient, keyring: gpg.keyring },
      });
      expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
    } finally {
      writeFileSync(server.serverOptionsFile, own);
    }
    const saved = (place: string) => {
      const [key = ''] = mysqlObjectsIn(sandbox, place);
      const { config } = statusOf(sandbox, key, place) as { config: Record<string, string>[] };
      const base64 = config.find((file) => Object.hasOwn(file, server.serverOptionsFile)) ?? {};
      return Buffer.from(base64[server.serverOptionsFile] ?? '', 'base64').toString();
    };
    expect(saved('kept')).toBe(`${own.toString()}[sst]\nwsrep_sst_auth = sst:geheim\n`);
    expect(saved('repository').startsWith(own.toString())).toBe(true);
    expect(saved('repository')).toContain('# wsrep_sst_auth = (twindb-backup left the value out');
    expect(saved('repository')).not.toContain('geheim');
  });

  it('does not keep directories from being backed up when it fails, nor the reverse', async () => {
    sandbox.file('data/a', 'a');
    const directories = { backup_dirs: `${join(sandbox.dir, 'gone')} ${join(sandbox.dir, 'data')}` };
    configureMysql(sandbox, server, { source: directories });
    expect((await backUp(sandbox, 'daily')).exitCode).toBe(1);
    expect(listedMysql(sandbox)).toHaveLength(1);
    configureMysql(sandbox, { defaultsFile: join(sandbox.dir, 'gone.cnf') }, { source: directories });
    const run = await backUp(sandbox, 'daily');
    expect(run.stderr).toContain(`Cannot back up MySQL: Cannot read the option file ${sandbox.dir}/gone.cnf`);
    expect(objectsIn(sandbox).filter((key) => key.includes('/files/'))).toHaveLength(2);
  });
});

describe('a failed MySQL backup leaves no copy, no entry, no local copy, exit code 1, and one message', () => {
  const run = async (mysql: Record<string, string>) => {
    configureMysql(sandbox, server, { mysql, destination: { keep_local_path: join(sandbox.dir, 'kept') } });
    const result = await backUp(sandbox, 'daily');
    for (const place of ['repository', 'kept']) {
      expect(mysqlObjectsIn(sandbox, place)).toEqual([]);
      expect(listedMysql(sandbox, place)).toEqual([]);
      expect(existsSync(join(sandbox.dir, place, hostname(), 'status'))).toBe(false);
    }
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toBe('');
    expect(result.stderr.match(/^ERROR: Cannot back up MySQL/gm)).toHaveLength(1);
    return result.stderr;
  };

  it('when the program is killed half-way', async () => {
    const message = await run(program('mariabackup "$@" | head -c 300000; kill -9 $$'));
    expect(message).toContain('backup-program was killed by SIGKILL');
  });

  it('when the program fails, with its last words', async () => {
    const message = await run(program('mariabackup "$@"; echo "the disk broke" >&2; exit 3'));
    expect(message).toContain('backup-program failed with exit code 3');
    expect(message).toContain('  the disk broke');
  });

  it('when the program exits with 0 before it has said that it is done', async () => {
    const message = await run(program('mariabackup "$@" 2>/dev/null | head -c 300000; exit 0'));
    expect(message).toContain('ended without saying "completed OK!"');
  });

  it('when the program has not told where the next copy is to continue', async () => {
    const forget = 'for a; do case $a in --extra-lsndir=*) rm -r "${a#*=}";; esac; done';
    const message = await run(program(`mariabackup "$@"; ${forget}`));
    expect(message).toMatch(/The backup program left no (xtrabackup|mariadb_backup)_checkpoints/);
  });

  it('when the copy does not begin where the one before it ended', async () => {
    configureMysql(sandbox, server);
    await backUp(sandbox, 'daily');
    const before = mysqlObjectsIn(sandbox);
    const others = 'for a do shift; case $a in --incremental-lsn=*);; *) set -- "$@" "$a";; esac; done';
    configureMysql(sandbox, server, { mysql: program(`${others}; mariabackup "$@"`) });
    const { exitCode, stderr } = await backUp(sandbox, 'hourly');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('The copy begins at LSN 0 instead of');
    expect(mysqlObjectsIn(sandbox)).toEqual(before);
    expect(listedMysql(sandbox).map(({ key }) => key)).toEqual(before);
  });

  it.each(['PROCESS', 'RELOAD', 'BINLOG MONITOR'])(
    'when the privilege %s is missing, which it names',
    async (missing) => {
      const change = async (statement: string) => {
        for (const host of ['localhost', '127.0.0.1']) await server.sql(`${statement} backup@'${host}'`);
      };
      await change(`REVOKE ${missing} ON *.* FROM`);
      try {
        const message = await run({ mysql_defaults_file: server.backupDefaultsFile });
        expect(message).toMatch(
          new RegExp(
            `(the privilege|administrator: GRANT) ${missing} ON \\*\\.\\*( TO 'backup'@'localhost';|\\.)$`,
            'm',
          ),
        );
        // The backup program shows the account's grants, and MariaDB's tell the hash of its password.
        expect(message).not.toContain('PASSWORD');
      } finally {
        await change(`GRANT ${missing} ON *.* TO`);
      }
    },
  );

  it('when the server is down', async () => {
    const defaultsFile = sandbox.file('down.cnf', '[client]\nuser=backup\nport=1\n');
    const message = await run({ mysql_defaults_file: defaultsFile });
    expect(message).toContain('Cannot back up MySQL: Cannot connect to MySQL at 127.0.0.1:1 as backup');
    expect(message).toContain('Start the server');
  });

  it('when access is denied', async () => {
    const defaultsFile = sandbox.file(
      'denied.cnf',
      `[client]\nuser=backup\npassword=wrong\nport=${server.port}\n`,
    );
    const message = await run({ mysql_defaults_file: defaultsFile });
    expect(message).toContain('access denied (with a password)');
    expect(message).not.toContain('wrong');
  });

  it.skipIf(existsSync(DEFAULT_DEFAULTS_FILE))(
    'when there is no [mysql] section and no default file',
    async () => {
      configureLocal(sandbox, [], { source: { backup_mysql: 'yes' } });
      const { exitCode, stderr } = await backUp(sandbox, 'daily');
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`Cannot back up MySQL: Cannot read the option file ${DEFAULT_DEFAULTS_FILE}`);
      expect([objectsIn(sandbox), listedMysql(sandbox)]).toEqual([[], []]);
    },
  );

  it('is a failed backup of the binary logs where the data are not backed up', async () => {
    const source = { backup_mysql: 'no' };
    configureMysql(sandbox, server, {
      source,
      mysql: { mysql_defaults_file: sandbox.file('down.cnf', '[client]\nhost=127.0.0.1\nport=1\n') },
    });
    const { exitCode, stderr } = await backUp(sandbox, 'daily');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Cannot back up binary logs: Cannot connect to MySQL at 127.0.0.1:1');
  });

  it('when the program is not there', async () => {
    const message = await run({ xtrabackup_binary: '/nowhere/mariabackup' });
    expect(message).toContain('Cannot run /nowhere/mariabackup: there is no such program');
  });
});
