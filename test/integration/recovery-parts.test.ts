import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listStreamedLogs, type StreamedLog } from '../../src/catalogue/streamed-logs.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql } from '../fixtures/mysql-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import {
  compare,
  readStored,
  type Streamer,
  startStreamer,
  startTokenWriters,
  until,
} from '../fixtures/stream-run.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb, startOn } from '../lab/mariadb.ts';

const lab = useLab();

let sandbox: Sandbox;
let server: MariadbServer;
let dst: string;
let running: Streamer | undefined;
beforeEach(async () => {
  sandbox = createSandbox();
  // The private server runs as its own account.
  chmodSync(sandbox.dir, 0o711);
  dst = join(sandbox.dir, 'restored');
  server = await startMariadb();
  await server.sql('CREATE DATABASE d');
  await server.sql('CREATE TABLE d.t (id INT PRIMARY KEY, v LONGTEXT)');
});
afterEach(async () => {
  await killStreamer();
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

let hosts = 0;

function configure(kind: LabKind, more: Record<string, Record<string, string | number>> = {}): void {
  hosts += 1;
  configureMysql(sandbox, server, {
    ...destinationSections(kind, sandbox, lab),
    host: { name: `parts-${process.pid}-${hosts}` },
    stream: { interval: 1 },
    ...more,
  });
}

async function killStreamer(): Promise<void> {
  running?.child.kill('SIGKILL');
  await running?.result;
  running = undefined;
}

const streamed = async (): Promise<StreamedLog[]> =>
  (await runJob(sandbox, {}, ({ destination, host }) => listStreamedLogs(destination, host))).returned;

/** The log that is being written, by what is stored in parts. */
const newest = async (): Promise<StreamedLog> => {
  const log = (await streamed())
    .toSorted((a, b) => a.timeCreated - b.timeCreated || (a.binlog < b.binlog ? -1 : 1))
    .at(-1);
  if (log === undefined) throw new Error('nothing is stored in parts');
  return log;
};

const place = async () => {
  const [row] = await server.sql<{ File: string; Position: number }>('SHOW MASTER STATUS');
  return { binlog: row?.File ?? '', position: Number(row?.Position) };
};

const isStored = async (): Promise<boolean> => {
  if (running?.child.exitCode !== null) throw new Error(`the service has ended: ${running?.said()}`);
  const { binlog, position } = await place();
  return (await streamed()).some((log) => log.binlog === binlog && log.end >= position);
};

/** Inserts a row, and waits until it is stored. */
const insert = async (id: number, text = `'row ${id}'`): Promise<void> => {
  await server.sql(`INSERT INTO d.t VALUES (${id}, ${text})`);
  await until(isStored);
};

/** A full copy, and the service behind it. */
const begin = async (): Promise<void> => {
  expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
  running = startStreamer(sandbox);
};

const loseHost = async (): Promise<void> => {
  await Promise.all([server.kill(), killStreamer()]);
};

const restore = async (...options: string[]) =>
  await sandbox.run('restore', 'mysql', 'latest', '--dst', dst, ...options);

const idsRestored = async (): Promise<number[]> => {
  await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
  return (await restored.sql<{ id: number }>('SELECT id FROM d.t ORDER BY id')).map(({ id }) => id);
};

/** Removes an object below the backup_dir of the local destination, or writes something else into it. */
const keyPath = (key: string) => {
  const folder = readdirSync(sandbox.dir).find((name) => name.startsWith('e2e-')) ?? '';
  return join(sandbox.dir, folder, key);
};

/** The service may also have been killed between a copy of a closed log and its entry, which is said too. */
const UNSIGNED = 'is stored in parts, which nothing signs: whoever can write';

const LONG = { timeout: 240_000 };

describe.each<LabKind>(['local', 'ssh', 's3'])(
  'a host that was lost while its logs were streamed: %s',
  LONG,
  (kind) => {
    it('comes back with all that was stored, from a copy, a log that was closed and the one being written', async () => {
      configure(kind);
      await begin();
      const writers = await startTokenWriters(server);
      await until(
        async () =>
          writers.acknowledged().every((tokens) => tokens.length > 20) && (await streamed()).length > 0,
      );
      await server.sql('FLUSH BINARY LOGS');
      const { binlog } = await place();
      // For a moment there may be no parts at all: those of the closed log go when it is copied.
      await until(async () => (await streamed()).some((log) => log.binlog === binlog && log.end > 2000));
      await loseHost();
      await writers.stop();
      const acknowledged = writers.acknowledged();
      const stored = compare(server, await readStored(sandbox), acknowledged);
      const { exitCode, stdout, stderr } = await restore('--to-latest');
      expect([exitCode, stderr]).toEqual([0, expect.stringContaining(UNSIGNED)]);
      expect(stdout).toMatch(/^Recovered to the latest transaction: \d+ transactions of /);
      await using restored = await startOn(dst, { lines: ['skip_log_bin'] });
      const rows = await restored.sql<{ token: string }>('SELECT token FROM tokens.t ORDER BY id');
      const tokens = new Set(rows.map(({ token }) => token));
      expect(tokens.size).toBe(rows.length);
      const lost = acknowledged.map((all) => all.filter((token) => !tokens.has(token)));
      expect({ lost, notTail: stored.notTail }).toEqual({ lost: stored.lost, notTail: [] });
    });
  },
);

describe('logs that are stored in parts', LONG, () => {
  it('are reached by each kind of target, and shown by --plan and ls --coverage', async () => {
    configure('local');
    await begin();
    await insert(1);
    const first = await place();
    await insert(2);
    const [second] = await server.sql<{ g: string }>('SELECT @@gtid_binlog_pos AS g');
    await insert(3);
    const { binlog, end, timeCreated } = await newest();
    const doctor = await sandbox.run('doctor', '--json');
    expect(doctor.stdout).toContain(
      `Binary logs are stored as they are written, up to ${binlog}, position ${end}; the last part `,
    );
    await loseHost();
    const host = `parts-${process.pid}-${hosts}`;

    const plan = async (...options: string[]) => {
      const { exitCode, stdout, stderr } = await sandbox.run(
        'restore',
        'mysql',
        'latest',
        '--plan',
        '--json',
        ...options,
      );
      expect([exitCode, stderr]).toEqual([0, '']);
      return JSON.parse(stdout) as {
        reachable: { last: string };
        end: { reason: string; gap: boolean };
        logs: { key: string }[];
      };
    };
    for (const options of [['--to-latest'], ['--to-gtid', second?.g ?? '']]) {
      const { logs, end: chainEnd, reachable } = await plan(...options);
      expect(logs.at(-1)?.key).toBe(`${host}/binlog-stream/${binlog}.${timeCreated}`);
      expect(chainEnd).toMatchObject({
        gap: false,
        reason: `${binlog} is stored in parts, up to position ${end}, and nothing later is`,
      });
      expect(Date.parse(reachable.last) / 1000).toBeGreaterThanOrEqual(timeCreated);
    }
    const coverage = await sandbox.run('ls', '--coverage', '--json');
    const { hosts: covered } = JSON.parse(coverage.stdout) as {
      hosts: { windows: { to: string }[] }[];
    };
    expect(covered[0]?.windows).toMatchObject([{ to: (await plan('--to-latest')).reachable.last }]);

    for (const [options, ids] of [
      [['--to-position', `${first.binlog}:${first.position}`], [1]],
      [
        ['--to-gtid', second?.g ?? ''],
        [1, 2],
      ],
      [['--to-latest'], [1, 2, 3]],
    ] as const) {
      const { exitCode, stderr } = await restore(...options);
      expect([exitCode, stderr]).toEqual([0, expect.stringContaining(UNSIGNED)]);
      expect(await idsRestored()).toEqual(ids);
      rmSync(dst, { recursive: true });
    }
  });

  it('are passed over for files of --more-logs that have more, and taken where these have less', async () => {
    configure('local');
    await begin();
    await insert(1);
    const { binlog, position } = await place();
    await insert(2);
    await killStreamer();
    await server.sql("INSERT INTO d.t VALUES (3, 'not stored')");
    await server.kill();
    const left = join(sandbox.dir, 'left');
    cpSync(server.binlogDir, left, { recursive: true });
    expect((await restore('--to-latest', '--more-logs', left)).exitCode).toBe(0);
    expect(await idsRestored()).toEqual([1, 2, 3]);
    rmSync(dst, { recursive: true });
    truncateSync(join(left, binlog), position);
    expect((await restore('--to-latest', '--more-logs', left)).exitCode).toBe(0);
    expect(await idsRestored()).toEqual([1, 2]);
  });

  it('end at the last complete transaction, and say what is left out', async () => {
    configure('local', { stream: { interval: 1, part_size: '64K', memory: '1M' } });
    await begin();
    await insert(1);
    await insert(2, "REPEAT('x', 300000)");
    await loseHost();
    const { binlog, parts } = await newest();
    const last = parts.at(-1);
    // The row is of one event, so its commit is in the last part.
    const [open] = parts.slice(-1);
    rmSync(keyPath(open?.key ?? ''));
    const { exitCode, stdout, stderr } = await restore('--to-latest');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(UNSIGNED)]);
    expect(stdout).toMatch(
      new RegExp(`${binlog} was cut short: [\\d.]+ \\w+ behind its last complete transaction`),
    );
    expect(last?.to).toBeGreaterThan(300_000);
    expect(await idsRestored()).toEqual([1]);
  });

  it('end at a part that is missing', async () => {
    configure('local');
    await begin();
    await insert(1);
    const { end } = await newest();
    await insert(2);
    await insert(3);
    await loseHost();
    const { binlog, parts } = await newest();
    const missing = parts.find(({ from }) => from === end);
    rmSync(keyPath(missing?.key ?? ''));
    const { exitCode, stderr } = await restore('--to-latest');
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`the part of ${binlog} from position ${end} to ${missing?.to} is missing`);
    expect(await idsRestored()).toEqual([1]);
    rmSync(dst, { recursive: true });
    const beyond = await restore('--to-position', `${binlog}:${missing?.to}`);
    expect(beyond.exitCode).toBe(1);
    const checked = await sandbox.run('check');
    expect([checked.exitCode, checked.stderr]).toEqual([
      1,
      expect.stringContaining(`the part of ${binlog} from position ${end} to ${missing?.to} is missing`),
    ]);
  });

  it('are read by check, through gpg, which names the part that is damaged; a restore ends there', async () => {
    const { keyring, recipient, secretKeyring } = lab.gpg;
    configure('local', { gpg: { keyring, recipient, secret_keyring: secretKeyring } });
    await begin();
    await insert(1);
    const { end } = await newest();
    await insert(2);
    await insert(3);
    await loseHost();
    const { binlog, parts } = await newest();
    const damaged = parts.find(({ from }) => from === end);
    const key = damaged?.key ?? '';
    expect(key).toMatch(/\.gz\.gpg$/);
    expect(await sandbox.run('check', '--read')).toMatchObject({ exitCode: 0, stderr: '' });
    const bytes = readFileSync(keyPath(key));
    bytes.fill(0x55, Math.floor(bytes.length / 2));
    writeFileSync(keyPath(key), bytes);
    expect((await sandbox.run('check')).exitCode).toBe(0);
    const checked = await sandbox.run('check', '--read');
    expect([checked.exitCode, checked.stderr]).toEqual([
      1,
      expect.stringContaining(`${key}, a part of a binary log, is damaged`),
    ]);
    expect(checked.stderr.match(/is damaged/g)).toHaveLength(1);
    const { exitCode, stderr } = await restore('--to-latest');
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${key}, a part of a binary log, is damaged`);
    expect(stderr).toContain(`behind ${binlog}, in parts up to position ${end}`);
    expect(await idsRestored()).toEqual([1]);
  });
});
