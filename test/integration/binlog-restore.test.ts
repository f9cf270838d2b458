import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BINLOG_STATUS } from '../../src/kinds/binlog.ts';
import { encodeEnvelope } from '../../src/status/envelope.ts';
import { signAll } from '../../src/status/sign-entry.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { mountSmallDisk } from '../e2e/small-disk.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { giveLabKey, LAB_KEYRING } from '../fixtures/lab-key.ts';
import { damage, truncate } from '../fixtures/mysql-copies.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const { gpg } = useLab();

let server: MariadbServer;
const ROWS = Array.from({ length: 1000 }, (_, id) => `(${id}, SHA2(${id}, 256))`).join(', ');

/** The closed logs of the server: name -> bytes. */
const logs = new Map<string, Buffer>();
beforeAll(async () => {
  server = await startMariadb();
  await server.sql('CREATE DATABASE d');
  for (const table of ['one', 'two', 'three']) {
    await server.sql(`CREATE TABLE d.${table} (id INT PRIMARY KEY, v CHAR(64))`);
    await server.sql(`INSERT INTO d.${table} VALUES ${ROWS}`);
    await server.sql('FLUSH BINARY LOGS');
  }
  const names = (await server.sql<{ Log_name: string }>('SHOW BINARY LOGS')).map((row) => row.Log_name);
  for (const name of names.slice(0, -1)) logs.set(name, readFileSync(join(server.binlogDir, name)));
});
afterAll(() => server[Symbol.asyncDispose]());

let sandbox: Sandbox;
let repository: string;
let kept: string;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  repository = join(sandbox.dir, 'repository');
  kept = join(sandbox.dir, 'kept');
  dst = join(sandbox.dir, 'restored');
  configureLocal(sandbox, []);
  giveLabKey(sandbox);
});
afterEach(() => sandbox[Symbol.dispose]());

const names = () => [...logs.keys()];

/** Stores each log under HOST/binlog, as ours would or, without its sums, as the Python tool would. */
const store = (host: string, { place = repository, encrypted = false, sums = true } = {}) => {
  const entries: Record<string, object> = {};
  for (const [name, bytes] of logs) {
    const zipped = gzipSync(bytes);
    const keys = ['--batch', '--no-default-keyring', '--keyring', gpg.keyring, '--trust-model', 'always'];
    const object = encrypted
      ? execFileSync('gpg', [...keys, '--recipient', gpg.recipient, '--encrypt'], { input: zipped })
      : zipped;
    const file = join(place, objectOf(host, name, encrypted));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, object);
    const sha256 = createHash('sha256').update(object).digest('hex');
    const size = object.length;
    entries[`${host}/binlog/${name}`] = { time_created: 1_700_000_000, ...(sums ? { size, sha256 } : {}) };
  }
  const status = signAll(BINLOG_STATUS, BINLOG_STATUS.parse(entries), () => true, LAB_KEYRING);
  writeFileSync(join(place, host, 'binlog-status'), encodeEnvelope(BINLOG_STATUS.serialise(status)));
};
const objectOf = (host: string, name: string, encrypted = false) =>
  `${host}/binlog/${name}.gz${encrypted ? '.gpg' : ''}`;

const restore = (...copies: string[]) => sandbox.run('restore', 'binlog', ...copies, '--dst', dst);

const expectAll = (folder = dst) => {
  expect(readdirSync(folder).toSorted()).toEqual(names());
  for (const [name, bytes] of logs) expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
};

const expectFailure = async (...copies: string[]) => {
  const { exitCode, stdout, stderr } = await restore(...copies);
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(existsSync(dst) ? readdirSync(dst) : []).toEqual([]);
  return stderr;
};

describe('restore binlog', () => {
  it('gives back every log as it was, and prints the files in the order of the logs', async () => {
    store('db1');
    const copies = names().map((name) => join(repository, objectOf('db1', name)));
    const { exitCode, stdout, stderr } = await restore(...copies.toReversed());
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      names()
        .map((name) => `${join(dst, name)}\n`)
        .join(''),
    );
    expectAll();
  });

  it('takes the key of the object, that of the status, and the bare name; the same one twice is once', async () => {
    store('db1');
    const [first = '', second = '', third = ''] = names();
    const { exitCode } = await restore(objectOf('db1', first), `db1/binlog/${second}`, third, `${third}.gz`);
    expect(exitCode).toBe(0);
    expectAll();
  });

  it('writes no file of a name that no server gives', async () => {
    store('db1');
    // Without the suffix, which a key does not have: `..`, and a name that is just no log's.
    for (const name of ['...gz', 'authorized_keys.gz'])
      writeFileSync(join(repository, 'db1/binlog', name), gzipSync(logs.get(names()[0] ?? '') ?? ''));
    for (const key of ['db1/binlog/..', 'db1/binlog/authorized_keys']) {
      const stderr = await expectFailure(names()[0] ?? '', key);
      expect(stderr).toMatch(/^ERROR: db1\/binlog\/\S+ is no copy of a binary log|^ERROR: There is no copy/m);
    }
  });

  it('decrypts', async () => {
    store('db1', { encrypted: true });
    configureLocal(sandbox, [], { gpg: { recipient: gpg.recipient, secret_keyring: gpg.secretKeyring } });
    expect(await restore(...names())).toMatchObject({ exitCode: 0, stderr: '' });
    expectAll();
  });

  it('warns of one that the server has encrypted, for only the key of the server opens it', async () => {
    store('db1');
    // MySQL encrypts everything behind a magic number of its own ("Encrypting Binary Log Files" in its manual).
    const sealed = Buffer.concat([Buffer.from([0xfd, 0x62, 0x69, 0x6e]), randomBytes(600)]);
    writeFileSync(join(repository, objectOf('db1', 'sealed.000001')), gzipSync(sealed));
    const { exitCode, stdout, stderr } = await restore('sealed.000001');
    expect([exitCode, stdout]).toEqual([0, `${join(dst, 'sealed.000001')}\n`]);
    expect(stderr).toContain('WARNING: sealed.000001 is encrypted by the server that wrote it');
    expect(readFileSync(join(dst, 'sealed.000001')).equals(sealed)).toBe(true);
  });

  it('uses keep_local_path first, and the destination where that copy is damaged', async () => {
    store('db1');
    store('db1', { place: kept });
    const [first = '', second = ''] = names();
    damage(join(repository, objectOf('db1', first)));
    damage(join(kept, objectOf('db1', second)));
    configureLocal(sandbox, [], { destination: { keep_local_path: kept } });
    const { exitCode, stderr } = await restore(...names());
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${join(kept, objectOf('db1', second))}: the copy is damaged`);
    expectAll();
  });

  it('says that no checksum vouches for a copy of the Python tool', async () => {
    store('db1', { sums: false });
    const { exitCode, stderr } = await restore(...names());
    expect(exitCode).toBe(0);
    expect(stderr.match(/cannot be verified: the status has none/g)).toHaveLength(names().length);
    expectAll();
  });

  it('wants to know whose log it is when two hosts have one of that name', async () => {
    store('db1');
    store('db2');
    const [first = ''] = names();
    const message = await expectFailure(first);
    expect(message).toMatch(
      new RegExp(`^  db1/binlog/${first}  begun .*\n  db2/binlog/${first}  begun `, 'm'),
    );
    expect(await expectFailure(`db1/binlog/${first}`, `db2/binlog/${first}`)).toContain(
      'two logs of the name',
    );
    expect((await restore(`db2/binlog/${first}`)).exitCode).toBe(0);
  });

  it('leaves an empty folder when one of several is damaged, cut short, or no binary log', async () => {
    const file = () => join(repository, objectOf('db1', names().at(-1) ?? ''));
    for (const spoil of [damage, truncate, (path: string) => writeFileSync(path, gzipSync(''))]) {
      for (const sums of [true, false]) {
        store('db1', { sums });
        spoil(file());
        expect(await expectFailure(...names())).toContain(`Cannot restore ${file()}`);
      }
    }
  });

  it('leaves an empty folder when the disk is full', async ({ skip }) => {
    store('db1');
    const disk = mountSmallDisk(dst, 64 << 10);
    if (disk === undefined) return skip('mounting is not allowed here');
    using _disk = disk;
    expect(await expectFailure(...names())).toMatch(/no(t enough)? space/);
  });

  it('names what is not there, and asks for a copy when none is named', async () => {
    store('db1');
    expect(await expectFailure('mysql-bin.999999')).toContain('There is no copy mysql-bin.999999');
    rmSync(dst, { recursive: true, force: true });
    const { exitCode, stdout, stderr } = await restore();
    expect(exitCode).toBe(1);
    expect(stdout.trimEnd().split('\n')).toHaveLength(names().length);
    expect(stderr).toContain('twindb-backup restore binlog COPY');
  });
});
