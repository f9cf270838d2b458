import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeError } from '../../src/errors.ts';
import { findPrograms } from '../../src/mysql/copy/programs.ts';
import { readDefaultsFile } from '../../src/mysql/server/defaults-file.ts';
import { measureData } from '../../src/mysql/server/measure-data.ts';
import { countOpenFiles } from '../../src/mysql/server/open-files.ts';
import { connectMysql, connectMysqlBy } from '../../src/mysql/server/server.ts';
import { isMysql, type MariadbServer, startMariadb } from '../lab/mariadb.ts';
import { collectLog } from './mysql-log.ts';

const { log } = collectLog();

function makeCertificate(key: string, certificate: string): void {
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  });
  chmodSync(key, 0o644);
}

let server: MariadbServer;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mysql-'));
  server = await startMariadb();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const file = (...lines: string[]): string => {
  const path = join(dir, 'client.cnf');
  writeFileSync(path, ['[client]', ...lines, ''].join('\n'), { mode: 0o600 });
  return path;
};
const quoted = () => `password="${server.rootPassword.replaceAll('"', '\\"')}"`;
const tcp = (...lines: string[]) => file('user=backup', `port=${server.port}`, ...lines);
const failure = (defaultsFile: string) =>
  connectMysql({ defaultsFile }, log).then(async (connected) => {
    await connected[Symbol.asyncDispose]();
    return 'connected';
  }, describeError);

describe('a connection', () => {
  it.each(['defaultsFile', 'backupDefaultsFile', 'weakDefaultsFile'] as const)(
    'is made by the %s',
    async (name) => {
      await using connected = await connectMysql({ defaultsFile: server[name] }, log);
      expect(connected.vendor).toBe(isMysql ? 'oracle' : 'mariadb');
      expect(connected.flavour.family).toBe(isMysql ? 'mysql' : 'mariadb');
      expect(connected.version).toMatch(isMysql ? /^\d+\.\d+\.\d+/ : /^\d+\.\d+\.\d+-MariaDB/);
    },
  );

  it('goes over TCP when the file names no socket', async () => {
    await using connected = await connectMysql(
      { defaultsFile: file('user=root', `port=${server.port}`, quoted()) },
      log,
    );
    const [row] = await connected.query<{ user: string }>('SELECT USER() AS user');
    expect(row?.user).toBe('root@127.0.0.1');
  });

  it('needs no password where the server trusts the user of the system', async () => {
    await using own = await startMariadb({ lines: isMysql ? ['plugin_load_add = auth_socket.so'] : [] });
    const user = `'${userInfo().username}'@localhost`;
    // One connection: the user may be the one that makes it.
    const connection = await own.connect();
    await connection.query(`DROP USER IF EXISTS ${user}`);
    await connection.query(
      `CREATE USER ${user} IDENTIFIED ${isMysql ? 'WITH auth_socket' : 'VIA unix_socket'}`,
    );
    await connection.end();
    expect(await failure(file(`socket=${own.socket}`))).toBe('connected');
  });

  it('is encrypted where the server can, and checks the server where the file demands it', async () => {
    const made = (name: string) => join(dir, name);
    for (const name of ['own', 'other']) makeCertificate(made(`${name}.key`), made(`${name}.pem`));
    const lines = [`ssl_cert=${made('own.pem')}`, `ssl_key=${made('own.key')}`];
    chmodSync(dir, 0o755);
    await using own = await startMariadb({ lines });
    const options = ['user=root', `port=${own.port}`, quoted()];
    const cipherWith = async (...more: string[]) => {
      await using connected = await connectMysql({ defaultsFile: file(...options, ...more) }, log);
      const [row] = await connected.query<{ Value: string }>("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
      return row?.Value;
    };
    expect(await cipherWith()).toMatch(/^TLS|AES/);
    expect(await cipherWith('ssl-mode=DISABLED')).toBe('');
    expect(await cipherWith(`ssl-ca=${made('own.pem')}`)).toMatch(/^TLS|AES/);
    const message = await failure(file(...options, `ssl-ca=${made('other.pem')}`));
    expect(message).toContain('the TLS handshake failed');
  });

  it('gives integers beyond 2^53 and dates exactly, as text', async () => {
    await using connected = await connectMysql({ defaultsFile: server.defaultsFile }, log);
    const [row] = await connected.query(
      "SELECT 18446744073709551615 AS big, CAST('2026-03-29 02:30:00' AS DATETIME) AS time",
    );
    expect(row).toEqual({ big: '18446744073709551615', time: '2026-03-29 02:30:00' });
  });

  it('tells variables and status, and which there are none of', async () => {
    await using connected = await connectMysql({ defaultsFile: server.weakDefaultsFile }, log);
    expect(await connected.variable('datadir')).toContain(server.datadir);
    expect(await connected.status('Uptime')).toMatch(/^\d+$/);
    expect(await connected.variable('data_ir')).toBeUndefined();
    expect(await connected.status('wsrep_nothing')).toBeUndefined();
  });

  it('that was lost while it was idle is made anew, and the next statement succeeds', async () => {
    await using connected = await connectMysql({ defaultsFile: server.defaultsFile }, log);
    const id = async () => (await connected.query<{ id: string }>('SELECT CONNECTION_ID() AS id'))[0]?.id;
    const first = await id();
    await server.sql(`KILL CONNECTION ${first}`);
    await sleep(300); // for the news to come
    expect(await id()).not.toBe(first);
  });

  it('ends a statement with the signal, and what has to be done afterwards can be done', async () => {
    const controller = new AbortController();
    await using connected = await connectMysql({ defaultsFile: server.defaultsFile }, log, controller.signal);
    setTimeout(() => controller.abort(new Error('SIGTERM')), 200);
    await expect(connected.query('SELECT SLEEP(50)')).rejects.toThrow('SIGTERM');
    await expect(connected.query('SELECT 1')).rejects.toThrow('SIGTERM');
    expect(await connected.afterwards.query("SELECT 'x' AS one")).toEqual([{ one: 'x' }]);
  });
});

it('a statement that a server does not answer is given up after its time, and the next one is sent', async () => {
  const options = readDefaultsFile(server.defaultsFile);
  const { signal } = new AbortController();
  await using connected = await connectMysqlBy(options, log, signal, undefined, 1000);
  await expect(connected.query('SELECT SLEEP(50)')).rejects.toThrow(
    /^Cannot run "SELECT SLEEP\(50\)" on MySQL at /,
  );
  expect(await connected.query("SELECT 'x' AS one")).toEqual([{ one: 'x' }]);
});

it('a statement is not sent when the signal has come while its lost connection was made anew', async () => {
  const controller = new AbortController();
  let dialled = 0;
  const dial = () => {
    dialled += 1;
    if (dialled > 1) controller.abort(new Error('SIGTERM'));
    return Promise.resolve(connect(server.socket));
  };
  const options = readDefaultsFile(server.defaultsFile);
  await using connected = await connectMysqlBy(options, log, controller.signal, dial);
  const [me] = await connected.query<{ id: string }>('SELECT CONNECTION_ID() AS id');
  await server.sql(`KILL CONNECTION ${me?.id}`);
  await sleep(300); // for the news to come
  await expect(connected.query('SELECT SLEEP(600)')).rejects.toThrow('SIGTERM');
  expect(dialled).toBe(2);
});

describe('a connection that cannot be made says where, as whom, why and what to do', () => {
  it('access denied, without the password', async () => {
    const message = await failure(tcp('password=wrong-secret'));
    expect(message).toContain(
      `Cannot connect to MySQL at 127.0.0.1:${server.port} as backup: access denied (with a password)`,
    );
    expect(message).toContain(`Correct user and password in the group [client] of ${dir}/client.cnf`);
    expect(message).not.toContain('wrong-secret');
  });

  it('access denied, as there is no password', async () => {
    expect(await failure(tcp())).toContain('access denied (without a password)');
  });

  it('refused', async () => {
    const message = await failure(file('user=backup', 'port=1'));
    expect(message).toContain('Cannot connect to MySQL at 127.0.0.1:1 as backup: connection refused');
    expect(message).toContain('Start the server, or correct host and port');
  });

  it('no socket', async () => {
    const message = await failure(file('user=backup', `socket=${dir}/none.sock`));
    expect(message).toContain(
      `Cannot connect to MySQL at ${dir}/none.sock as backup: there is no such socket`,
    );
  });

  it('unknown host', async () => {
    expect(await failure(tcp('host=no-such-host.invalid'))).toContain('unknown host no-such-host.invalid');
  });

  it('no TLS, where the file demands it', async () => {
    // Without that line MySQL, and MariaDB since 11.4, make themselves a certificate.
    await using own = await startMariadb({ lines: [isMysql ? "tls_version = ''" : 'skip_ssl'] });
    const message = await failure(file('user=backup', `port=${own.port}`, quoted(), 'ssl-mode=REQUIRED'));
    expect(message).toContain('the server offers no TLS');
  });

  it('no answer within 10 seconds', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const start = performance.now();
    try {
      expect(await failure(file('user=backup', `port=${port}`))).toContain('no answer within 10 seconds');
    } finally {
      silent.close();
    }
    expect(performance.now() - start).toBeLessThan(12_000);
  });
});

it('a missing privilege is named with the statement that grants it', async () => {
  await using connected = await connectMysql({ defaultsFile: server.weakDefaultsFile }, log);
  const message = await connected.query('FLUSH LOCAL BINARY LOGS').then(() => '', describeError);
  expect(message).toContain(`at ${server.socket} as weak: missing privilege RELOAD`);
  expect(message).toContain("GRANT RELOAD ON *.* TO 'weak'@'localhost';");
});

it('the files to open are counted by tablespace, with the privileges of a backup', async () => {
  await using connected = await connectMysql({ defaultsFile: server.backupDefaultsFile }, log);
  const before = await countOpenFiles(connected);
  await server.sql('CREATE DATABASE counted');
  await server.sql(
    'CREATE TABLE counted.t (id INT PRIMARY KEY) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 100',
  );
  expect((await countOpenFiles(connected)) - before).toBeGreaterThanOrEqual(100);
});

it.skipIf(isMysql)(
  'files that nobody has used since the server was started are counted and measured too',
  async () => {
    // Otherwise it opens what it had in memory before.
    const lines = ['innodb_buffer_pool_load_at_startup = OFF'];
    await using fresh = await startMariadb({ lines });
    await fresh.sql('CREATE DATABASE idle');
    await fresh.sql('CREATE TABLE idle.t (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 100');
    const count = async () => {
      await using connected = await connectMysql({ defaultsFile: fresh.backupDefaultsFile }, log);
      return { bytes: await measureData(connected), files: await countOpenFiles(connected) };
    };
    const before = await count();
    await fresh.stop();
    await fresh.start();
    expect(await count()).toEqual(before);
    expect(before.bytes).toBeGreaterThan(100 * 64 * 1024);
  },
);

it.skipIf(isMysql)("the server's own programs are found and accepted", async () => {
  await using connected = await connectMysql({ defaultsFile: server.backupDefaultsFile }, log);
  const chosen = { xtrabackupBinary: undefined };
  const programs = await findPrograms(connected, chosen, new AbortController().signal);
  expect(programs.backup).toMatch(/\/(mariabackup|mariadb-backup)$/);
  expect(connected.version).toContain(programs.backupVersion.replace(/-MariaDB$/, ''));
});
