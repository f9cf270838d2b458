import { chmodSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { configureMysql } from '../fixtures/mysql-run.ts';
import {
  compare,
  killAgainAndAgain,
  originalLog,
  readStored,
  type Streamer,
  startStreamer,
  startTokenWriters,
  until,
} from '../fixtures/stream-run.ts';
import { useLab } from '../lab/lab.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const lab = useLab();

let server: MariadbServer;
beforeAll(async () => {
  server = await startMariadb();
});
afterAll(() => server[Symbol.asyncDispose]());

let sandbox: Sandbox;
let running: Streamer | undefined;
beforeEach(async () => {
  sandbox = createSandbox();
  await server.resetBinlogs();
});
afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.result;
  running = undefined;
  sandbox[Symbol.dispose]();
});

let hosts = 0;

function configure(kind: LabKind, more: Record<string, Record<string, string | number>> = {}): void {
  hosts += 1;
  configureMysql(sandbox, server, {
    ...destinationSections(kind, sandbox, lab),
    host: { name: `stream-${process.pid}-${hosts}` },
    stream: { interval: 1 },
    ...more,
    source: { backup_mysql: 'no' },
  });
}

const start = (): Streamer => {
  running = startStreamer(sandbox);
  return running;
};

const kill = async ({ child, result }: Streamer): Promise<void> => {
  child.kill('SIGKILL');
  await result;
};

/** A number between these that each run draws anew. */
const between = (least: number, most: number) => least + Math.random() * (most - least);

describe.each<LabKind>(['local', 'ssh', 's3'])(
  'binary logs that are stored as they are written: %s',
  (kind) => {
    it('have neither holes nor duplicates after a follower that was killed again and again, and end where the server does', async () => {
      configure(kind);
      const { stored, acknowledged } = await killAgainAndAgain(sandbox, server, 3);
      expect(stored.map(({ kind: each }) => each)).toEqual(['sealed', 'sealed', 'parts']);
      expect(compare(server, stored, acknowledged)).toEqual({ holes: [], lost: [[], [], []], notTail: [] });
    }, 180_000);

    it('lose nothing but a tail with the host, which nothing had time to store', async () => {
      await using own = await startMariadb();
      configure(kind, { mysql: { mysql_defaults_file: own.defaultsFile } });
      const streamer = start();
      const writers = await startTokenWriters(own);
      const lostOf = async () =>
        compare(own, await readStored(sandbox), writers.acknowledged()).lost.flat().length;
      await until(async () => (await lostOf()) < writers.acknowledged().flat().length);
      await sleep(between(0, 1500));
      await Promise.all([own.kill(), kill(streamer)]);
      await writers.stop();
      const acknowledged = writers.acknowledged();
      const { holes, notTail } = compare(own, await readStored(sandbox), acknowledged);
      expect({ holes, notTail }).toEqual({ holes: [], notTail: [] });
      await own.start();
      // It goes on with what the server still has.
      start();
      await until(async () => (await lostOf()) === 0);
    }, 180_000);
  },
);

describe('what a server logs', () => {
  it.each([
    ['checksums off', ['binlog_checksum = NONE'], async () => {}],
    [
      'checksums that are switched off while it is followed',
      [],
      async (on: MariadbServer) => {
        await on.sql('SET GLOBAL binlog_checksum = NONE');
      },
    ],
    ['statements', ['binlog_format = STATEMENT'], async () => {}],
  ])('is byte for byte what is stored: %s', async (_, lines, change) => {
    await using other = await startMariadb({ lines });
    configure('local', { mysql: { mysql_defaults_file: other.defaultsFile } });
    const streamer = start();
    await until(() => streamer.said().includes('Following'));
    const writers = await startTokenWriters(other, 1);
    await sleep(300);
    await change(other);
    await sleep(300);
    await other.sql('CREATE TABLE tokens.big (v LONGBLOB)');
    // More than a packet of the protocol holds.
    await other.sql('SET GLOBAL max_allowed_packet = 64 * 1024 * 1024');
    await other.sql("INSERT INTO tokens.big VALUES (REPEAT('x', 20000000))");
    await writers.stop();
    const acknowledged = writers.acknowledged();
    await until(async () => compare(other, await readStored(sandbox), acknowledged).lost.flat().length === 0);
    streamer.child.kill('SIGTERM');
    expect(await streamer.result).toMatchObject({ exitCode: 0 });
    expect(streamer.said()).not.toMatch(/WARNING|ERROR/);
    const stored = await readStored(sandbox);
    expect(compare(other, stored, acknowledged).holes).toEqual([]);
    const last = stored.at(-1);
    expect(last?.bytes.length).toBe(originalLog(other, last?.binlog ?? '').length);
  });

  it.skipIf(isMysql)(
    'is in the clear what it encrypts on its own disk, which is warned of where nothing else encrypts it',
    async () => {
      const keys = sandbox.file('keys', `1;${'ab'.repeat(32)}\n`);
      chmodSync(keys, 0o644);
      chmodSync(sandbox.dir, 0o755);
      await using other = await startMariadb({
        lines: [
          'plugin_load_add = file_key_management',
          `file_key_management_filename = ${keys}`,
          'encrypt_binlog = ON',
        ],
      });
      configure('local', { mysql: { mysql_defaults_file: other.defaultsFile } });
      const streamer = start();
      await other.sql('CREATE DATABASE d');
      await until(async () =>
        (await readStored(sandbox)).some(({ bytes }) => bytes.includes('CREATE DATABASE d')),
      );
      expect(streamer.said()).toContain('WARNING: The server encrypts its binary logs on its disk');
    },
  );
});
