import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { replayBinlogs } from '../fixtures/replay-binlogs.ts';
import { type MariadbServer, startOn } from '../lab/mariadb.ts';

const golden = process.env['TWINDB_GOLDEN'] ?? '';
const FULL = 'db1/daily/mysql/mysql-2026-11-22_05_57_10.xbstream.gz';
const INCREMENTAL = 'db1/hourly/mysql/mysql-2026-11-22_05_57_17.xbstream.gz';

/** The queries that its README gives. */
const QUERIES = [
  "SELECT 'orders' AS name, COUNT(*) AS count, MD5(GROUP_CONCAT(CONCAT_WS('|', id, customer, total, placed, note) ORDER BY id SEPARATOR '#')) AS digest FROM shop.orders",
  "SELECT 'my' AS name, COUNT(*) AS count, MD5(GROUP_CONCAT(CONCAT_WS('|', id, v) ORDER BY id)) AS digest FROM shop.my",
  "SELECT 'emojis' AS name, COUNT(*) AS count, MD5(GROUP_CONCAT(HEX(s))) AS digest FROM shop.emojis",
];

describe.skipIf(golden === '')('the MySQL copies of the golden repository', () => {
  let sandbox: Sandbox;
  let repository: string;
  let dst: string;
  beforeEach(() => {
    sandbox = createSandbox();
    repository = join(sandbox.dir, 'repository');
    dst = join(sandbox.dir, 'restored');
    cpSync(join(golden, 'repository'), repository, { recursive: true });
    execFileSync('chmod', ['-R', 'u+w', repository]);
    configureLocal(sandbox, []);
  });
  afterEach(() => sandbox[Symbol.dispose]());

  const rowsOf = async (server: MariadbServer): Promise<string> => {
    const connection = await server.connect();
    try {
      await connection.query('SET SESSION group_concat_max_len = 100000000');
      let text = '';
      for (const query of QUERIES) {
        const [rows] = await connection.query(query);
        const [{ name, count, digest }] = rows as [{ name: string; count: number; digest: string }];
        text += `${name}\t${count}\t${digest}\n`;
      }
      return text;
    } finally {
      await connection.end();
    }
  };
  const expected = (name: string) => readFileSync(join(golden, name), 'utf8');
  /** Their users have other passwords than those of the lab. */
  const start = () => startOn(dst, { lines: ['skip_grant_tables'] });
  const unverified = (key: string) =>
    `WARNING: The checksum of ${join(repository, key)} cannot be verified: the status has none, as the Python tool made it\n`;
  const restore = (key: string) => sandbox.run('restore', 'mysql', key, '--dst', dst);

  it('come back, the full one with the status in either of its forms', async () => {
    for (const status of ['repository/db1/status', 'status.bare-base64']) {
      cpSync(join(golden, status), join(repository, 'db1/status'), { force: true });
      dst = join(sandbox.dir, status.replaceAll('/', '-'));
      const { exitCode, stderr } = await restore(FULL);
      expect([exitCode, stderr]).toEqual([0, unverified(FULL)]);
      expect(readdirSync(dst)).toContain('.twindb-config@etc@mysql@my.cnf');
      await using server = await start();
      expect(await rowsOf(server)).toBe(expected('rows.full'));
    }
  });

  it('come back, the incremental one too, also by the older form of the status', async () => {
    for (const status of ['repository/db1/status', 'status.bare-base64']) {
      cpSync(join(golden, status), join(repository, 'db1/status'), { force: true });
      dst = join(sandbox.dir, status.replaceAll('/', '-'));
      const { exitCode, stderr } = await restore(INCREMENTAL);
      expect([exitCode, stderr]).toEqual([0, unverified(FULL) + unverified(INCREMENTAL)]);
      await using server = await start();
      expect(await rowsOf(server)).toBe(expected('rows.incremental'));
    }
  });

  it('go on to the end by the binary logs, from the position that the advice names', async () => {
    const { stdout } = await restore(INCREMENTAL);
    const [, position, first = ''] = /--start-position=(\d+) (\S+)/.exec(stdout) ?? [];
    const names = readdirSync(join(repository, 'db1/binlog'))
      .map((name) => name.replace('.gz', ''))
      .filter((name) => name >= first);
    const logs = join(sandbox.dir, 'logs');
    const fetched = await sandbox.run('restore', 'binlog', ...names.toReversed(), '--dst', logs);
    expect(fetched.exitCode).toBe(0);
    const files = fetched.stdout.trimEnd().split('\n');
    expect(files).toEqual(names.map((name) => join(logs, name)));
    await using server = await start();
    replayBinlogs(server, files, Number(position));
    expect(await rowsOf(server)).toBe(expected('rows.end'));
  });

  it('are verified', async () => {
    const { exitCode, stdout } = await sandbox.run('verify', 'mysql', 'latest', '--hostname', 'db1');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      { backup_copy: INCREMENTAL, location: join(repository, INCREMENTAL), success: true },
    ]);
  });
});
