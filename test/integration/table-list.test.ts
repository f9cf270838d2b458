import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { listTables, type TableEngines } from '../../src/mysql/server/list-tables.ts';
import { connectMysql } from '../../src/mysql/server/server.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';

let server: MariadbServer;
beforeAll(async () => {
  server = await startMariadb();
});
afterAll(() => server[Symbol.asyncDispose]());

/** With the account for backups, which has a privilege on no table. */
const list = async (): Promise<TableEngines> => {
  await using mysql = await connectMysql(
    { defaultsFile: server.backupDefaultsFile },
    createLog('error', () => undefined),
  );
  return await listTables(mysql);
};

const of = (tables: TableEngines, schema: string) =>
  Object.fromEntries([...tables].filter(([name]) => name.startsWith(`${schema}/`)));

describe.skipIf(isMysql)('the tables of a server', () => {
  it('are found with the privileges of a backup: of each engine, partitions as one, no views, no parts of full-text indexes', async () => {
    for (const statement of [
      'CREATE DATABASE listed',
      'CREATE TABLE listed.a (i INT PRIMARY KEY, t TEXT, FULLTEXT(t)) ENGINE=InnoDB',
      'CREATE TABLE listed.`h#x-é日 b` (i INT) ENGINE=Aria',
      'CREATE TABLE listed.m (i INT) ENGINE=MyISAM',
      'CREATE TABLE listed.c (i INT NOT NULL) ENGINE=CSV',
      'CREATE TABLE listed.mem (i INT) ENGINE=MEMORY',
      'CREATE TABLE listed.p (i INT) ENGINE=InnoDB PARTITION BY HASH(i) PARTITIONS 3',
      'CREATE TABLE listed.pm (i INT) ENGINE=MyISAM PARTITION BY HASH(i) PARTITIONS 3',
      'CREATE SEQUENCE listed.s',
      'SET GLOBAL innodb_file_per_table=OFF',
      'CREATE TABLE listed.shared (i INT) ENGINE=InnoDB',
      'SET GLOBAL innodb_file_per_table=ON',
      'CREATE VIEW listed.v AS SELECT 1',
    ])
      await server.sql(statement);
    const tables = await list();
    expect(of(tables, 'listed')).toEqual({
      'listed/a': 'InnoDB',
      'listed/h@0023x@002d@0p@65e5@0020b': 'Aria',
      'listed/m': 'MyISAM',
      'listed/c': 'CSV',
      'listed/mem': '',
      'listed/p': 'InnoDB',
      'listed/pm': 'MyISAM',
      'listed/s': 'InnoDB',
      'listed/shared': 'InnoDB',
    });
    expect(tables.get('mysql/global_priv')).toBe('Aria');
    expect(
      [...tables.keys()].filter((name) => /^(performance_schema|information_schema)\//.test(name)),
    ).toEqual([]);
  });

  it('are none of a folder that is no schema', async () => {
    const folder = join(server.datadir, 'empty-one');
    mkdirSync(folder);
    expect(of(await list(), 'empty-one')).toEqual({});
    rmSync(folder, { recursive: true });
  });
});
