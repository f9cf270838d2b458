import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readBinlogHeader } from '../../src/mysql/binlog/binlog-header.ts';
import { closeBinlogs } from '../../src/mysql/binlog/binlogs.ts';
import { measureData } from '../../src/mysql/server/measure-data.ts';
import { collectConfigs } from '../../src/mysql/server/my-cnf.ts';
import { connectMysql } from '../../src/mysql/server/server.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { collectLog } from './mysql-log.ts';

const connect = (server: MariadbServer) =>
  connectMysql({ defaultsFile: server.defaultsFile }, collectLog().log);

async function identityOf(server: MariadbServer): Promise<string> {
  await using connected = await connect(server);
  return connected.identity;
}

describe('the identity of a server', () => {
  it('survives a restart, and changes when its data are put back from a copy', async () => {
    await using server = await startMariadb();
    const before = await identityOf(server);
    await server.stop();
    await server.start();
    expect(await identityOf(server)).toBe(before);
    await server.stop();
    // As a restore does it: the same files, newly made.
    cpSync(server.datadir, `${server.dir}/copy`, { recursive: true });
    execFileSync('rm', ['-rf', server.datadir]);
    execFileSync('cp', ['-a', `${server.dir}/copy`, server.datadir]);
    execFileSync('chown', ['-R', 'mysql:', server.datadir]);
    await server.start();
    const restored = await identityOf(server);
    expect(restored).not.toBe(before);
    // Its first half is in the data themselves.
    expect(restored.split('@')[0]).toBe(before.split('@')[0]);
  });

  it("differs from another server's, even of one made from the same template", async () => {
    await using one = await startMariadb();
    await using other = await startMariadb();
    expect(await identityOf(one)).not.toBe(await identityOf(other));
  });
});

describe('the size of the data', () => {
  it('grows by what a table takes, whatever its engine, with the privileges of a backup', async () => {
    await using server = await startMariadb();
    const measure = async () => {
      await using connected = await connectMysql(
        { defaultsFile: server.backupDefaultsFile },
        collectLog().log,
      );
      return await measureData(connected);
    };
    await server.sql('CREATE DATABASE d');
    for (const engine of ['InnoDB', 'MyISAM']) {
      const before = await measure();
      await server.sql(`CREATE TABLE d.${engine} (id INT PRIMARY KEY, v LONGTEXT) ENGINE=${engine}`);
      await server.sql(`INSERT INTO d.${engine} VALUES (1, REPEAT('x', ${4 << 20}))`);
      const grown = (await measure()) - before;
      expect([engine, grown]).toEqual([
        engine,
        expect.toSatisfy((bytes: number) => bytes >= 4 << 20 && bytes < 12 << 20),
      ]);
    }
    const used = Number(execFileSync('du', ['-s', '-B1', server.datadir]).toString().split('\t')[0]);
    expect(await measure()).toBeLessThan(used);
  });
});

describe('the binary logs', () => {
  it('are all closed ones, with their times, and never the one being written', async () => {
    await using server = await startMariadb();
    await using connected = await connect(server);
    const start = Math.floor(Date.now() / 1000) - 120;
    await server.sql('CREATE DATABASE d');
    const first = (await closeBinlogs(connected)) ?? [];
    const second = (await closeBinlogs(connected)) ?? [];
    expect(second).toHaveLength(first.length + 1);
    const [current] = await server.sql<{ File: string }>(connected.flavour.sql.binlogStatus);
    expect(second.map(({ name }) => name)).not.toContain(current?.File);
    for (const log of second) {
      expect(readFileSync(log.path)).toHaveLength(log.size);
      const header = await readBinlogHeader(log.path);
      expect(header).toMatchObject({ timeSource: 'header', encrypted: false });
      expect(header.timeCreated).toBeGreaterThan(start);
    }
  });

  it('are none when binary logging is off', async () => {
    await using server = await startMariadb({ lines: ['skip_log_bin'] });
    await using connected = await connect(server);
    expect(await closeBinlogs(connected)).toBeUndefined();
  });

  it.skipIf(isMysql)('tell their time when MariaDB encrypts them', async () => {
    await using server = await startMariadb();
    const keys = `${server.dir}/keys`;
    writeFileSync(keys, `1;${'0123456789abcdef'.repeat(4)}\n`, { mode: 0o644 });
    appendFileSync(
      server.serverOptionsFile,
      `plugin_load_add = file_key_management\nfile_key_management_filename = ${keys}\nencrypt_binlog = ON\n`,
    );
    await server.stop();
    await server.start();
    await using connected = await connect(server);
    const log = (await closeBinlogs(connected))?.at(-1);
    expect(await readBinlogHeader(log?.path ?? '')).toMatchObject({ timeSource: 'header', encrypted: true });
  });
});

async function collect(server: MariadbServer) {
  const { log, messages } = collectLog();
  await using connected = await connectMysql({ defaultsFile: server.backupDefaultsFile }, log);
  const configs = await collectConfigs(connected, log);
  const files = new Map(configs.flatMap((config) => Object.entries(config)));
  return { files, warnings: messages.filter((message) => message.startsWith('warn')) };
}

describe("the server's configuration files", () => {
  it('are those it was started with, with their includes, not those of another server on this host', async () => {
    await using server = await startMariadb();
    const folder = `${server.dir}/conf.d`;
    mkdirSync(folder);
    writeFileSync(`${folder}/1.cnf`, '# Grüße\n[mysqld]\nmax_connections=77\n');
    writeFileSync(`${folder}/2.ini`, 'not read\n');
    appendFileSync(server.serverOptionsFile, `!includedir ${folder}\n`);
    await server.stop();
    await server.start();
    const { files, warnings } = await collect(server);
    expect([...files.keys()]).toEqual([server.serverOptionsFile, `${folder}/1.cnf`]);
    expect(Buffer.from(files.get(`${folder}/1.cnf`) ?? '', 'base64').toString()).toContain('Grüße');
    expect(warnings).toEqual([]);
  });

  it('are found by the settings that came from them when the process cannot be seen', async () => {
    await using server = await startMariadb();
    // Only for a user with the privilege FILE.
    await using connected = await connect(server);
    const hidden = {
      ...connected,
      variable: async (name: string) => (name === 'pid_file' ? '' : await connected.variable(name)),
    };
    const paths = (await collectConfigs(hidden, collectLog().log)).flatMap((config) => Object.keys(config));
    expect(paths).toContain(server.serverOptionsFile);
    if (existsSync('/etc/mysql/my.cnf')) expect(paths).toContain('/etc/mysql/my.cnf');
  });

  it('come byte for byte, whatever they are in', async () => {
    await using server = await startMariadb();
    const file = `${server.dir}/latin1.cnf`;
    appendFileSync(server.serverOptionsFile, `!include ${file}\n`);
    const bytes = Buffer.from('[mysqld]\nloose_path=/Gr\xfc\xdfe\n', 'latin1');
    writeFileSync(file, bytes);
    const { files, warnings } = await collect(server);
    expect(files.get(file)).toBe(bytes.toString('base64'));
    expect(warnings).toEqual([]);
  });
});
