import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { commandsOf, followSteps } from '../fixtures/follow-steps.ts';
import { configureMysql, listedMysql } from '../fixtures/mysql-run.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

let sandbox: Sandbox;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  dst = join(sandbox.dir, 'restored');
});
afterEach(() => sandbox[Symbol.dispose]());

/** The printed commands that replay binary logs. */
const replayOf = (steps: string): string[] => {
  const commands = commandsOf(steps);
  return commands.slice(commands.findIndex((line) => line.includes('restore binlog')));
};

const copyBinlogs = async (): Promise<void> => {
  const args = ['backup', '--lock-file', join(sandbox.dir, 'lock'), '--binlogs-only', 'hourly'];
  expect(await sandbox.run(...args)).toEqual(SILENT);
};

const restore = async (): Promise<string> => {
  const [copy] = listedMysql(sandbox);
  const { exitCode, stdout, stderr } = await sandbox.run('restore', 'mysql', copy?.key ?? '', '--dst', dst);
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
};

/** What a replay without the right options changes, stops at, or is refused. */
async function writeWhatIsHardToReplay(server: MariadbServer): Promise<void> {
  const connection = await server.connect();
  try {
    await connection.query("SET binlog_format = 'STATEMENT'");
    await connection.query("INSERT INTO d.t VALUES (1, 'line1\r\nline2'), (2, 'a\0b')");
    await connection.query(
      "CREATE PROCEDURE d.p()\nBEGIN\n  INSERT INTO d.t VALUES (3, 'x;\r\ny');\n  SELECT 1;\nEND",
    );
    await connection.query('CALL d.p()');
    await connection.query("SET binlog_format = 'ROW'");
    await connection.query("INSERT INTO d.t VALUES (4, REPEAT('x', 14000000))");
    await connection.query("INSERT INTO d.t SELECT seq, REPEAT('y', 1000) FROM d.seq_100_to_18000");
    await connection.query("CREATE USER later@localhost IDENTIFIED BY 'x'");
    await connection.query('GRANT SELECT ON d.* TO later@localhost');
  } finally {
    await connection.end();
  }
}

describe('the printed replay, word for word', () => {
  it('brings back statements with CR LF and NUL, a procedure, large rows, users, over log number 999999', async () => {
    await using server = await startMariadb({ lines: ['gtid_strict_mode = ON'] });
    await server.stop();
    const last = join(server.binlogDir, 'mysql-bin.999998');
    renameSync(join(server.binlogDir, 'mysql-bin.000001'), last);
    writeFileSync(join(server.binlogDir, 'mysql-bin.index'), `${last}\n`);
    await server.start();
    await server.sql('CREATE DATABASE d');
    await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY, v LONGBLOB)');
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    expect(await sandbox.backup()).toEqual(SILENT);
    await writeWhatIsHardToReplay(server);
    await server.sql('FLUSH BINARY LOGS');
    await server.sql("INSERT INTO d.t VALUES (5, 'behind 999999')");
    await copyBinlogs();
    const wanted = await digestTables(server);

    const steps = await restore();
    expect(steps).toContain('mysql-bin.1000000');
    await using restored = await startOn(dst);
    await followSteps(replayOf(steps), sandbox, restored);
    expect(await digestTables(restored)).toEqual(wanted);
    const [row] = await restored.sql<{ v: Buffer }>('SELECT v FROM d.t WHERE id = 1');
    expect(row?.v.toString()).toBe('line1\r\nline2');
    const grants = await restored.sql('SHOW GRANTS FOR later@localhost');
    expect(grants).toHaveLength(2);
    // The limits that it raised are back.
    const [settings] = await restored.sql('SELECT @@GLOBAL.max_allowed_packet AS packet');
    expect(settings).toEqual({ packet: 16 << 20 });
  }, 120_000);

  it('goes into a server in strict mode whose logs go on from before the restore', async () => {
    await using server = await startMariadb({ lines: ['gtid_strict_mode = ON'] });
    await server.sql('CREATE DATABASE d');
    await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY)');
    configureMysql(sandbox, { defaultsFile: server.backupDefaultsFile });
    expect(await sandbox.backup()).toEqual(SILENT);
    await server.sql('INSERT INTO d.t VALUES (1), (2)');
    await copyBinlogs();
    const steps = await restore();
    await server.stop();
    renameSync(server.datadir, `${server.datadir}.lost`);
    renameSync(dst, server.datadir);
    await followSteps([`chown -R mysql:mysql ${server.datadir}`, 'systemctl start mariadb'], sandbox, server);
    expect(await server.sql('SELECT COUNT(*) AS n FROM d.t')).toEqual([{ n: 0 }]);
    await followSteps(replayOf(steps), sandbox, server);
    expect(await server.sql('SELECT id FROM d.t')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await server.sql('SELECT @@gtid_strict_mode AS strict')).toEqual([{ strict: 1 }]);
  }, 60_000);
});
