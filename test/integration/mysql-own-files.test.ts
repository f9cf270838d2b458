import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql, listedMysql, mysqlObjectsIn } from '../fixtures/mysql-run.ts';
import { startMariadb } from '../lab/mariadb.ts';
import { loadSchemas } from '../lab/schemas.ts';
import { installXtrabackup } from '../stand-ins/install.ts';
import { makeServerFiles } from '../stand-ins/mysql-files.ts';
import { startStandIn } from '../stand-ins/mysql-server.ts';

// A socket or port that leads into a container: the server that is asked is not the one whose files the backup program reads.

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

describe('a backup of the files of another server', { timeout: 120_000 }, () => {
  it('fails by the last LSN of the copy where servers have no UUID, and keeps nothing', async () => {
    await using asked = await startMariadb();
    await using read = await startMariadb();
    await loadSchemas(read, { tables: 1, rows: 100 });
    configureMysql(sandbox, asked);
    // As of a server in a container: it works in its own data directory, and this host has another one at that path.
    renameSync(asked.datadir, `${asked.datadir}.own`);
    symlinkSync(read.datadir, asked.datadir);
    const { exitCode, stderr } = await backUp(sandbox, 'daily');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /The server at \S+ is not the one whose files were copied: it went from LSN \d+ to \d+ meanwhile, and the copy ends at LSN \d+/,
    );
    expect(stderr).toContain('Run the backup where the files of that server are');
    expect(listedMysql(sandbox)).toEqual([]);
    expect(mysqlObjectsIn(sandbox)).toEqual([]);
    unlinkSync(asked.datadir);
    renameSync(`${asked.datadir}.own`, asked.datadir);
    expect(await backUp(sandbox, 'daily')).toMatchObject({ exitCode: 0 });
  });

  it('is refused before anything is copied where a database of the server has no folder', async () => {
    await using asked = await startMariadb();
    await using read = await startMariadb();
    configureMysql(sandbox, asked);
    await asked.sql('CREATE DATABASE of_container');
    renameSync(asked.datadir, `${asked.datadir}.own`);
    symlinkSync(read.datadir, asked.datadir);
    const { exitCode, stderr } = await backUp(sandbox, 'daily');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /The server at \S+ is not the one whose files are in \S+ on this host: its database of_container has no folder there/,
    );
    expect(mysqlObjectsIn(sandbox)).toEqual([]);
    // The program may have been told where the files are.
    const own = readFileSync(asked.defaultsFile, 'utf8');
    const defaultsFile = sandbox.file('client.cnf', `${own}\n[mariabackup]\ndatadir=${asked.datadir}.own\n`);
    configureMysql(sandbox, { ...asked, defaultsFile });
    // The server's own names of folders: aux@@@, and @002d for -.
    await asked.sql('CREATE DATABASE aux');
    await asked.sql('CREATE DATABASE `of-container`');
    expect(await backUp(sandbox, 'daily')).toMatchObject({ exitCode: 0 });
    unlinkSync(asked.datadir);
    renameSync(`${asked.datadir}.own`, asked.datadir);
  });

  it('is refused by auto.cnf before anything is copied, where servers have a UUID', async () => {
    const files = makeServerFiles(join(sandbox.dir, 'server'));
    files.write('ibdata1', [0]);
    await using server = await startStandIn(files, {
      version: '8.4.3',
      comment: 'MySQL Community Server - GPL',
    });
    const lines = `[client]\nuser=backup\nhost=127.0.0.1\nport=${server.port}\n`;
    const run = async (more = '') => {
      const defaultsFile = sandbox.file('client.cnf', lines + more);
      configureMysql(sandbox, { defaultsFile }, { mysql: installXtrabackup(sandbox, '8.4').options });
      return await backUp(sandbox, 'daily');
    };
    const other = '11111111-71ca-11e1-9e33-c80aa9429562';
    writeFileSync(join(files.datadir, 'auto.cnf'), `[auto]\nserver-uuid=${other}\n`);
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `The server at 127.0.0.1:\\d+ is not the one whose files are in ${files.datadir}/? on this host: its server_uuid is \\S+, and that of auto.cnf there is ${other}`,
      ),
    );
    expect(mysqlObjectsIn(sandbox)).toEqual([]);
    // The program may have been told where the files are; what cannot be read proves nothing.
    expect(await run(`[xtrabackup]\ndatadir=${join(sandbox.dir, 'elsewhere')}\n`)).toEqual(SILENT);
    const [, own] = /its server_uuid is ([\w-]+)/.exec(stderr) ?? [];
    writeFileSync(join(files.datadir, 'auto.cnf'), `[auto]\nserver-uuid=${own}\n`);
    expect(await run()).toEqual(SILENT);
  });
});
