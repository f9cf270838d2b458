import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { startMariadb } from '../lab/mariadb.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

it('a backup names once the tables whose engine the backup program does not copy', {
  timeout: 120_000,
}, async () => {
  await using server = await startMariadb();
  await server.sql("INSTALL SONAME 'ha_sphinx'");
  configureMysql(sandbox, server);
  // The engine alone is no reason.
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
  await server.sql('CREATE DATABASE shop');
  await server.sql(
    'CREATE TABLE shop.found (id BIGINT UNSIGNED NOT NULL, weight INT NOT NULL, query VARCHAR(300) NOT NULL, INDEX (query)) ENGINE=SPHINX',
  );
  const { exitCode, stderr } = await backUp(sandbox, 'daily');
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^WARNING: The copies of the server lack the data of .*: shop\.found \(SPHINX\)\./);
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
});
