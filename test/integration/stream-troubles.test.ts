import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupParts } from '../../src/catalogue/streamed-logs.ts';
import { createSandbox, destinationSections, type Sandbox, type Sections } from '../e2e/cli.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { backUp, configureMysql, listedBinlogs, objectsIn } from '../fixtures/mysql-run.ts';
import {
  compare,
  originalLog,
  readStored,
  type Streamer,
  startStreamer,
  until,
} from '../fixtures/stream-run.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { knownLine, makeSshd } from './ssh-server.ts';

const HOST = 'db1';

let server: MariadbServer;
let sandbox: Sandbox;
let streamers: Streamer[];
beforeEach(async () => {
  [sandbox, streamers] = [createSandbox(), []];
  server = await startMariadb();
  await server.sql('CREATE DATABASE log');
  await server.sql('CREATE TABLE log.t (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT)');
});
afterEach(async () => {
  for (const { child, result } of streamers) {
    child.kill('SIGKILL');
    await result;
  }
  await server[Symbol.asyncDispose]();
  sandbox[Symbol.dispose]();
});

const configure = (more: Sections = {}, from: Pick<MariadbServer, 'defaultsFile'> = server): void =>
  configureMysql(sandbox, from, {
    host: { name: HOST },
    ...more,
    stream: { interval: 1, ...more['stream'] },
    source: { backup_mysql: 'no' },
  });

const start = (...options: string[]): Streamer => {
  const streamer = startStreamer(sandbox, ...options);
  streamers.push(streamer);
  return streamer;
};

/** Ends it as an operator does. */
const stop = async ({ child, result }: Streamer): Promise<void> => {
  child.kill('SIGTERM');
  expect(await result).toMatchObject({
    exitCode: 0,
    signal: null,
    stderr: expect.not.stringContaining('ERROR'),
  });
};

const kill = async ({ child, result }: Streamer): Promise<void> => {
  child.kill('SIGKILL');
  await result;
};

const write = (v = 'x') => server.sql('INSERT INTO log.t (v) VALUES (?)', [v]);

/** The logs of which parts are there, with up to where they are. */
const parts = (): Record<string, number> => {
  const objects = objectsIn(sandbox).map((key) => ({ key, size: 1, modified: new Date() }));
  return Object.fromEntries(groupParts(HOST, objects).map(({ binlog, end }) => [binlog, end]));
};

const hasAll = async (): Promise<boolean> => {
  const stored = await readStored(sandbox);
  const newest =
    readdirSync(server.binlogDir)
      .filter((name) => /\d$/.test(name))
      .toSorted()
      .at(-1) ?? '';
  const { bytes, binlog } = stored.at(-1) ?? { bytes: Buffer.alloc(0), binlog: '' };
  return binlog === newest && bytes.length === originalLog(server, newest).length;
};

describe('the runs of cron and the service', () => {
  it('agree by what is stored, whoever copies a log first', async () => {
    configure();
    const streamer = start();
    await write();
    await until(hasAll);
    // The run closes the log, copies it and removes its parts.
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    expect([...listedBinlogsOf()]).toEqual(['mysql-bin.000001']);
    await write();
    await until(hasAll);
    // The service had the end of the first log to store when the run removed its parts; it removes that too.
    await until(() => Object.keys(parts()).join() === 'mysql-bin.000002');
    // The service copies it, and the run finds nothing to do but its own.
    await server.sql('FLUSH BINARY LOGS');
    await until(() => listedBinlogsOf().length === 2 && Object.keys(parts()).join() === 'mysql-bin.000003');
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    await until(() => Object.keys(parts()).join() === 'mysql-bin.000004');
    await stop(streamer);
    expect(listedBinlogsOf()).toEqual(['mysql-bin.000001', 'mysql-bin.000002', 'mysql-bin.000003']);
    expect(compare(server, await readStored(sandbox), []).holes).toEqual([]);
    expect(streamer.said()).not.toMatch(/WARNING|ERROR/);
  });

  it('agree when both are at it at once', async () => {
    configure();
    const streamer = start();
    await until(() => streamer.said().includes('Following'));
    for (let round = 0; round < 4; round += 1) {
      await write();
      const flushed = server.sql('FLUSH BINARY LOGS');
      const [run] = await Promise.all([backUp(sandbox, 'hourly'), flushed]);
      expect(run).toEqual(SILENT);
    }
    await until(async () => (await hasAll()) && Object.keys(parts()).length === 1);
    await stop(streamer);
    const names = listedBinlogsOf();
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      readdirSync(server.binlogDir)
        .filter((name) => /\d$/.test(name))
        .toSorted()
        .slice(0, -1),
    );
    expect(compare(server, await readStored(sandbox), []).holes).toEqual([]);
  });
});

function listedBinlogsOf(): string[] {
  return [...listedBinlogs(sandbox, 'repository', HOST).keys()].map((key) =>
    key.replace(`${HOST}/binlog/`, ''),
  );
}

describe('what happens to a server that is followed', () => {
  it('is a restart: it goes on where it was', async () => {
    configure();
    const streamer = start();
    await until(() => streamer.said().includes('Following'));
    await write();
    await server.stop();
    await server.start();
    await write('behind the restart');
    await until(hasAll);
    await stop(streamer);
    expect(streamer.said()).toContain('INFO: The server was restarted');
    expect(compare(server, await readStored(sandbox), []).holes).toEqual([]);
  });

  it('is a log that is shorter than what is stored, after a crash without sync_binlog: the rest stays, and counts for nothing', async () => {
    configure();
    const streamer = start();
    await write('kept');
    await until(hasAll);
    const kept = originalLog(server, 'mysql-bin.000001').length;
    await write('lost');
    await until(hasAll);
    await kill(streamer);
    await server.kill();
    truncateSync(join(server.binlogDir, 'mysql-bin.000001'), kept);
    await server.start();
    const next = start();
    await until(() => next.said().includes('Following'));
    await write('later');
    await until(() => listedBinlogsOf().length === 1);
    await until(hasAll);
    await stop(next);
    expect(next.said()).toMatch(
      /WARNING: The server has \d+ bytes of mysql-bin\.000001, of which \d+ are stored: it died/,
    );
    const stored = await readStored(sandbox);
    expect(compare(server, stored, []).holes).toEqual([]);
    expect(Buffer.concat(stored.map(({ bytes }) => bytes)).includes('lost')).toBe(false);
    const rest = objectsIn(sandbox).filter((key) => key.includes('/binlog-stream/mysql-bin.000001.'));
    expect(rest).toEqual([expect.stringContaining(`/${kept}-`), expect.stringContaining('/server-')]);
  });

  it('is RESET MASTER, while it is followed and while it is not', async () => {
    configure();
    const streamer = start();
    await write('first life');
    await until(hasAll);
    await sleep(1100);
    await server.resetBinlogs();
    await write('second life');
    await until(() => streamer.said().split('Following').length > 2);
    await until(hasAll);
    await stop(streamer);
    await sleep(1100);
    await server.resetBinlogs();
    await write('third life');
    const next = start();
    await until(() => next.said().includes('Following'));
    await until(async () => (await readStored(sandbox)).some(({ bytes }) => bytes.includes('third life')));
    await stop(next);
    expect(
      `${streamer.said()}${next.said()}`.match(/WARNING: The server's binary logs began anew/g),
    ).toHaveLength(2);
  });

  it('is a log that was purged before all of it was stored', async () => {
    configure();
    const streamer = start();
    await write();
    await until(hasAll);
    await kill(streamer);
    for (let count = 0; count < 3; count += 1) await server.sql('FLUSH BINARY LOGS');
    // It keeps what it was sending until it notices that the client has gone.
    await until(async () => {
      await server.sql("PURGE BINARY LOGS TO 'mysql-bin.000003'");
      const logs = await server.sql<{ Log_name: string }>('SHOW BINARY LOGS');
      return logs[0]?.Log_name === 'mysql-bin.000003';
    });
    const next = start();
    await until(() => next.said().includes('Following'));
    await until(hasAll);
    await stop(next);
    expect(next.said()).toContain(
      'WARNING: The server has purged mysql-bin.000001, of which only the beginning is stored',
    );
    // It is all there is of that log.
    expect(parts()).toHaveProperty(['mysql-bin.000001']);
  });

  it('is another one in its place', async () => {
    configure();
    const streamer = start();
    await until(hasAll);
    await kill(streamer);
    await using other = await startMariadb();
    configure({}, other);
    const next = start();
    await until(() => next.said().includes('Following'));
    await stop(next);
    expect(next.said()).toContain(
      'WARNING: The logs that are stored in parts so far, up to mysql-bin.000001, are of another server',
    );
  });

  it('is another client with the same server id: the older one ends, and does not come back', async () => {
    configure({ stream: { server_id: 4711 } });
    const streamer = start();
    await until(() => streamer.said().includes('Following'));
    const second = createSandbox();
    try {
      configureMysql(second, server, {
        host: { name: 'db2' },
        source: { backup_mysql: 'no' },
        stream: { server_id: 4711 },
      });
      const other = startStreamer(second);
      streamers.push(other);
      const ended = await streamer.result;
      expect(ended.exitCode).toBe(78);
      expect(ended.stderr).toContain(
        'with the server id 4711, and the server lets only the newest one go on',
      );
      await stop(other);
    } finally {
      second[Symbol.dispose]();
    }
  });

  it('is an account without the privilege: the message says how to grant it', async () => {
    configure({ mysql: { mysql_defaults_file: server.backupDefaultsFile } });
    const ended = await start().result;
    expect(ended.exitCode).toBe(78);
    expect(ended.stderr).toContain('missing privilege REPLICATION SLAVE');
    expect(ended.stderr).toContain("GRANT REPLICATION SLAVE ON *.* TO 'backup'@'localhost'");
  });
});

describe('a destination', () => {
  it('that is down is tried again until it is back, and then has everything', async () => {
    const lab = useLab();
    const sshd = await makeSshd(lab.ssh, sandbox.dir);
    await sshd.start();
    try {
      const { ssh, ...more } = destinationSections('ssh', sandbox, lab);
      const known = sandbox.file('known_hosts', knownLine(lab.ssh, sshd.port, 'ed25519'));
      configure({ ...more, ssh: { ...ssh, port: sshd.port, known_hosts: known } });
      const streamer = start();
      await write('before');
      await until(hasAll);
      await sshd.kill();
      await write('meanwhile');
      await until(() =>
        streamer.said().includes('The oldest byte of a binary log that is not stored has waited for'),
      );
      await write('later');
      await sshd.start();
      await until(
        () => streamer.said().includes('are stored at ssh://') || streamer.said().includes('again'),
      );
      await until(hasAll);
      await stop(streamer);
      expect(compare(server, await readStored(sandbox), []).holes).toEqual([]);
    } finally {
      await sshd.kill();
    }
  });

  it('has parts that are encrypted like all else; ls, check and the Python tool see none of them', async () => {
    const { gpg } = useLab();
    configure({
      gpg: { recipient: gpg.recipient, keyring: gpg.keyring, secret_keyring: gpg.secretKeyring },
    });
    const streamer = start();
    await write();
    await until(() => objectsIn(sandbox).some((key) => /\/0-\d+\.gz\.gpg$/.test(key)));
    await stop(streamer);
    await until(hasAll);
    expect(await sandbox.run('ls')).toEqual(SILENT);
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    expect((await sandbox.run('ls')).stdout.trim().split('\n')).toHaveLength(1);
    expect(Object.keys(parts())).toEqual([]);
  });
});
