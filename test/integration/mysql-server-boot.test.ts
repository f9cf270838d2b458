import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BootableData, bootAndCheck } from '../../src/jobs/boot/boot-and-check.ts';
import { findFault } from '../../src/jobs/boot/boot-report.ts';
import { parseStatements } from '../../src/jobs/boot/statements.ts';
import { createLog } from '../../src/log.ts';
import { inBoth, packTables } from '../../src/mysql/copy/table-list.ts';
import { listTables } from '../../src/mysql/server/list-tables.ts';
import { connectMysql } from '../../src/mysql/server/server.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const STATEMENTS = [
  'CREATE DATABASE booted',
  'CREATE TABLE booted.a (i INT PRIMARY KEY, t TEXT, FULLTEXT(t)) ENGINE=InnoDB',
  "INSERT INTO booted.a VALUES (1, 'one'), (2, 'two')",
  'CREATE TABLE booted.`h#x-é日 b` (i INT) ENGINE=InnoDB',
  'CREATE TABLE booted.m (i INT) ENGINE=MyISAM',
  'CREATE TABLE booted.c (i INT NOT NULL) ENGINE=CSV',
  'CREATE TABLE booted.mem (i INT) ENGINE=MEMORY',
  'CREATE TABLE booted.p (i INT) ENGINE=InnoDB PARTITION BY HASH(i) PARTITIONS 3',
  'CREATE VIEW booted.v AS SELECT i FROM booted.a',
];
const ASKED =
  'SELECT COUNT(*) FROM booted.a;\n-- expect: 2\nSELECT t FROM booted.a ORDER BY i;\n-- expect: one\n';

const log = createLog('error', () => undefined);

let server: MariadbServer;
let dir: string;
let data: BootableData;

// As the backup program leaves it: the files of a server that has ended well.
beforeAll(async () => {
  server = await startMariadb();
  for (const statement of STATEMENTS) await server.sql(statement);
  const mysql = await connectMysql({ defaultsFile: server.defaultsFile }, log);
  const tables = await listTables(mysql);
  await mysql[Symbol.asyncDispose]();
  await server.stop();
  dir = mkdtempSync(join(tmpdir(), 'boot-'));
  data = {
    datadir: join(dir, 'data'),
    above: [dir],
    flavour: mysql.flavour,
    setup: undefined,
    config: [],
    tables: packTables(inBoth(tables, tables)),
  };
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

const boot = async (damage: (datadir: string) => void = () => undefined) => {
  rmSync(data.datadir, { recursive: true, force: true });
  spawnSync('cp', ['-a', server.datadir, data.datadir]);
  damage(data.datadir);
  const signal = AbortSignal.timeout(500_000);
  return await bootAndCheck(data, parseStatements(ASKED, 'asked'), { log, signal });
};

// Of both families: `make test-matrix` has Oracle's MySQL.
describe('a private server on the data of a real one', () => {
  it('finds all tables, and answers', async () => {
    const report = await boot();
    expect(findFault(report)).toBeUndefined();
    expect(report).toMatchObject({ bad: [], failedStatements: [], statements: 2, stopFailure: undefined });
    expect(report.unchecked).toContain('booted.mem');
    expect(report.checked).toBeGreaterThan(report.expected! / 2);
  });

  it('names a table that is lost', async () => {
    const report = await boot((datadir) => rmSync(join(datadir, 'booted', 'a.ibd')));
    expect(report.bad.map(({ table }) => table)).toEqual(['booted.a']);
    expect(findFault(report)).toMatch(/^booted\.a: /);
    expect(report.failedStatements).toHaveLength(2);
  });

  it('names a table of MyISAM whose data are lost', async () => {
    const report = await boot((datadir) => rmSync(join(datadir, 'booted', 'm.MYD')));
    expect(report.bad.map(({ table }) => table)).toEqual(['booted.m']);
  });
});
