import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryLog } from '../../src/jobs/recover/recovery-plan.ts';
import { type Replayed, replayLogs } from '../../src/jobs/recover/replay-logs.ts';
import { flavourOf } from '../../src/mysql/flavours.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  configureLocal(sandbox, []);
});
afterEach(() => sandbox[Symbol.dispose]());

/** The logs of a server as files that are read where they lie. */
function logsOf({ binlogDir }: MariadbServer): RecoveryLog[] {
  return readdirSync(binlogDir)
    .filter((name) => /\.\d+$/.test(name))
    .toSorted()
    .map((name) => ({
      key: `h/binlog/${name}`,
      name,
      binlog: name,
      timeCreated: 0,
      listed: true,
      serverIdentity: undefined,
      stored: 0,
      contents: undefined,
      size: statSync(join(binlogDir, name)).size,
      source: { kind: 'file', path: join(binlogDir, name) },
    }));
}

async function replay(
  server: MariadbServer,
  logs: readonly RecoveryLog[],
  { start = 4, stop }: { start?: number; stop?: number } = {},
): Promise<Replayed> {
  const path = join(sandbox.dir, `shelf-${readdirSync(sandbox.dir).length}`);
  mkdirSync(path);
  const [version] = await server.sql<{ v: string }>('SELECT @@version AS v');
  const { returned } = await runJob(sandbox, {}, (context) =>
    replayLogs(
      { logs, startPosition: start, stopPosition: stop },
      { flavour: flavourOf('mariadb', version?.v), clientFile: server.defaultsFile, socket: server.socket },
      { path, dstName: path },
      context,
    ),
  );
  return returned;
}

/** What a private server of a recovery is started with, as far as it matters here. */
const PRIVATE = [
  'skip_log_bin',
  'event_scheduler = OFF',
  'max_allowed_packet = 1G',
  'local_infile = ON',
  'gtid_strict_mode = OFF',
];

/** What a replay with other options changes, stops at, or is refused. */
async function writeHardThings(server: MariadbServer): Promise<void> {
  const connection = await server.connect();
  const run = async (...statements: string[]) => {
    for (const statement of statements) await connection.query(statement);
  };
  try {
    await run(
      'CREATE DATABASE d',
      'CREATE TABLE d.t (id INT PRIMARY KEY, v LONGBLOB)',
      "SET binlog_format = 'STATEMENT'",
      "INSERT INTO d.t VALUES (1, 'line1\r\nline2'), (2, 'a\0b'), (3, '\n# at 99\n#261127  5:07:00 server id 1  end_log_pos 370 \tGTID 9-9-9 trans\n')",
      'CREATE TEMPORARY TABLE d.kept (n INT)',
      'INSERT INTO d.kept VALUES (10), (11)',
      'FLUSH BINARY LOGS',
      "INSERT INTO d.t SELECT n, CONCAT('from the log before ', n) FROM d.kept",
      'SET @given = 4711, timestamp = 1000000000',
      'INSERT INTO d.t VALUES (20, @given), (21, NOW(6)), (22, RAND(7))',
      'SET timestamp = DEFAULT',
    );
    const file = join(server.dir, 'tmp', 'load.txt');
    writeFileSync(file, '30\tloaded\n31\tloaded too\n');
    await run(
      `LOAD DATA INFILE '${file}' INTO TABLE d.t`,
      'FLUSH BINARY LOGS',
      "SET binlog_format = 'ROW'",
      "INSERT INTO d.t VALUES (40, REPEAT('x', 14000000))",
      "CREATE USER later@localhost IDENTIFIED BY 'x'",
      'GRANT SELECT ON d.* TO later@localhost',
    );
  } finally {
    await connection.end();
  }
}

describe('a replay through one program and one client', () => {
  it('brings back what was logged, over the ends of logs, and leaves no file of LOAD DATA elsewhere', async () => {
    await using server = await startMariadb({ lines: ['gtid_strict_mode = ON'] });
    await writeHardThings(server);
    const wanted = await digestTables(server);
    await using fresh = await startMariadb({ lines: PRIVATE });
    const before = readdirSync('/tmp').filter((name) => name.startsWith('SQL_LOAD'));
    await replay(fresh, logsOf(server));
    expect(await digestTables(fresh)).toEqual(wanted);
    const [row] = await fresh.sql<{ v: Buffer }>('SELECT v FROM d.t WHERE id = 1');
    expect(row?.v.toString()).toBe('line1\r\nline2');
    expect(await fresh.sql('SHOW GRANTS FOR later@localhost')).toHaveLength(2);
    expect(readdirSync('/tmp').filter((name) => name.startsWith('SQL_LOAD'))).toEqual(before);
  });

  it('ends with the transaction before the position, in the last of the logs', async () => {
    await using server = await startMariadb();
    await server.sql('CREATE DATABASE d');
    await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY)');
    await server.sql('INSERT INTO d.t VALUES (1)');
    await server.sql('FLUSH BINARY LOGS');
    await server.sql('INSERT INTO d.t VALUES (2)');
    const [status] = await server.sql<{ Position: number }>('SHOW MASTER STATUS');
    await server.sql('INSERT INTO d.t VALUES (3)');
    await using fresh = await startMariadb({ lines: PRIVATE });
    const stop = Number(status?.Position);
    await replay(fresh, logsOf(server), { stop });
    expect(await fresh.sql('SELECT id FROM d.t')).toEqual([{ id: 1 }, { id: 2 }]);
    await expect(replay(fresh, logsOf(server).slice(1), { start: stop, stop: 1 << 20 })).rejects.toThrow(
      /^The log mysql-bin\.000002 has no transaction that ends at position 1048576: of its \d+ bytes the complete ones end at \d+$/,
    );
  });

  it('says which transaction fails, and to where the replay can go', async () => {
    await using server = await startMariadb();
    await server.sql('CREATE DATABASE d');
    await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY)');
    await server.sql('FLUSH BINARY LOGS');
    for (let id = 1; id <= 300; id += 1) await server.sql(`INSERT INTO d.t VALUES (${id})`);
    const [before] = await server.sql<{ Position: number }>('SHOW MASTER STATUS');
    await server.sql('INSERT INTO d.t VALUES (1000)');
    const [gtid] = await server.sql<{ g: string }>('SELECT @@gtid_binlog_pos AS g');
    for (let id = 301; id <= 500; id += 1) await server.sql(`INSERT INTO d.t VALUES (${id})`);
    await using fresh = await startMariadb({ lines: PRIVATE });
    await replay(fresh, logsOf(server).slice(0, 1));
    await fresh.sql('INSERT INTO d.t VALUES (1000)');
    const failing = replay(fresh, logsOf(server).slice(1));
    await expect(failing).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(
          `^The replay failed in the transaction that begins at mysql-bin\\.000002, position ${before?.Position}, GTID ${gtid?.g}: error 1062: .*Duplicate entry`,
        ),
      ),
      remedy: `The end of the transaction before can be reached: --to-position mysql-bin.000002:${before?.Position}`,
    });
    expect(await fresh.sql('SELECT COUNT(*) AS n FROM d.t')).toEqual([{ n: 301 }]);
  });

  it('ends a log that was cut short behind its last complete transaction, and says how much is behind that', async () => {
    await using server = await startMariadb();
    await server.sql('CREATE DATABASE d');
    await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY)');
    const [before] = await server.sql<{ Position: number }>('SHOW MASTER STATUS');
    await server.sql('INSERT INTO d.t VALUES (1)');
    const [log] = logsOf(server);
    const bytes = readFileSync(join(server.binlogDir, log?.name ?? ''));
    const path = join(sandbox.dir, 'torn');
    writeFileSync(path, bytes.subarray(0, -5));
    await using fresh = await startMariadb({ lines: PRIVATE });
    const torn = { ...(log as RecoveryLog), source: { kind: 'file', path } as const };
    const dropped = bytes.length - 5 - Number(before?.Position);
    expect(await replay(fresh, [torn])).toEqual({
      transactions: 2,
      torn: [{ binlog: 'mysql-bin.000001', bytes: dropped }],
    });
    expect(await fresh.sql('SELECT id FROM d.t')).toEqual([]);
    await server.sql('FLUSH BINARY LOGS');
    const next = logsOf(server)[1] as RecoveryLog;
    await expect(replay(fresh, [torn, next])).rejects.toThrow(
      `The log mysql-bin.000001 is damaged or cut short at position ${before?.Position}: it ends at GTID 0-`,
    );
  });

  it('notices a bit that was flipped in a statement', async () => {
    await using server = await startMariadb({ lines: ['binlog_format = STATEMENT'] });
    await server.sql('CREATE DATABASE d');
    await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY)');
    await server.sql('INSERT INTO d.t VALUES (4711)');
    const [log] = logsOf(server);
    const bytes = readFileSync(join(server.binlogDir, log?.name ?? ''));
    bytes.write('4712', bytes.indexOf('(4711)') + 1);
    const path = join(sandbox.dir, 'flipped');
    writeFileSync(path, bytes);
    await using fresh = await startMariadb({ lines: PRIVATE });
    const flipped = { ...(log as RecoveryLog), source: { kind: 'file', path } as const };
    await expect(replay(fresh, [flipped])).rejects.toThrow(
      /^The log mysql-bin\.000001 is damaged or of an unknown form behind position \d+$/,
    );
    // As its server has closed it: the program fails as well.
    bytes[21] = 0;
    writeFileSync(path, bytes);
    await expect(replay(fresh, [flipped])).rejects.toThrow(
      /^The log mysql-bin\.000001 is damaged or of an unknown form at position \d+$/,
    );
  });
});
