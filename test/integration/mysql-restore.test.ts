import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MYSQL } from '../../src/kinds/mysql.ts';
import { createSandbox, type Result, type Sandbox } from '../e2e/cli.ts';
import { changeStatus, damage } from '../fixtures/mysql-copies.ts';
import { adopt, type MysqlHistory, makeHistory, SAVED_CONFIG } from '../fixtures/mysql-history.ts';
import { deadOwner, ownerWith } from '../fixtures/owners.ts';
import { useLab } from '../lab/lab.ts';
import { startOn } from '../lab/mariadb.ts';
import { digestTables } from '../lab/rows.ts';

const { gpg } = useLab();
const decryption = { recipient: gpg.recipient, secret_keyring: gpg.secretKeyring };

let history: MysqlHistory;
beforeAll(async () => {
  history = await makeHistory(gpg);
});
afterAll(() => history[Symbol.asyncDispose]());

let sandbox: Sandbox;
let dst: string;
beforeEach(() => {
  sandbox = createSandbox();
  dst = join(sandbox.dir, 'restored');
});
afterEach(() => sandbox[Symbol.dispose]());

const restore = (copy: string, ...options: string[]): Promise<Result> =>
  sandbox.run('restore', 'mysql', copy, '--dst', dst, ...options);

const succeed = async (copy: string, ...options: string[]) => {
  const result = await restore(copy, ...options);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result.stdout;
};

const rowsIn = async (datadir: string) => {
  await using restored = await startOn(datadir);
  return await digestTables(restored);
};

describe('a full copy', () => {
  it('becomes a datadir with equal rows, the saved configuration and the next steps', async () => {
    adopt(sandbox, history.plain);
    const advice = await succeed(history.full.key);
    expect(readFileSync(join(dst, '.twindb-config@etc@mysql@my.cnf'), 'utf8')).toBe(SAVED_CONFIG);
    expect(existsSync(join(dst, 'grastate.dat'))).toBe(false);
    expect(
      readdirSync(dst)
        .filter((name) => name.startsWith('.'))
        .toSorted(),
    ).toEqual(['.twindb-config@etc@mysql@my.cnf', '.twindb-restored']);
    for (const step of [
      'systemctl stop mariadb',
      `mv -T ${dst} /srv/mysql`,
      'chown -hR mysql:mysql /srv/mysql',
      'systemctl start mariadb',
      `mariadb-binlog --no-defaults --start-position=${history.full.position} ${history.full.binlog}`,
    ])
      expect(advice).toContain(step);
    expect(await rowsIn(dst)).toEqual(history.rowsOfFull);
  });

  it('is found by the name that only it has, and taken from another host', async () => {
    adopt(sandbox, history.plain);
    await succeed(history.full.name);
    expect(await rowsIn(dst)).toEqual(history.rowsOfFull);
  });

  it('is restored with the program that the command line names, and without one that unpacks', async () => {
    adopt(sandbox, history.plain);
    const programs = { '--xtrabackup-binary': 'mariabackup', '--xbstream-binary': 'mbstream' };
    for (const [option, program] of Object.entries(programs)) {
      const stand = sandbox.file(
        `bin/${program}`,
        `#!/bin/sh\necho ${option} >> ${sandbox.dir}/used\nexec /usr/bin/${program} "$@"\n`,
      );
      chmodSync(stand, 0o755);
    }
    const chosen = Object.entries(programs).flatMap(([option, program]) => [
      option,
      join(sandbox.dir, 'bin', program),
    ]);
    const result = await sandbox.run(...chosen, 'restore', 'mysql', history.full.key, '--dst', dst);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const used = readFileSync(join(sandbox.dir, 'used'), 'utf8');
    expect(used).toContain('--xtrabackup-binary');
    // We unpack it ourselves.
    expect(used).not.toContain('--xbstream-binary');
  });

  it('that no status lists is restored all the same, and the missing checksum is said', async () => {
    const repository = adopt(sandbox, history.plain);
    rmSync(join(repository, 'db1/status'));
    const { exitCode, stderr } = await restore(history.full.key);
    expect(exitCode).toBe(0);
    expect(stderr).toBe(
      `WARNING: The checksum of ${join(repository, history.full.key)} cannot be verified: no status lists it\n`,
    );
    expect(await rowsIn(dst)).toEqual(history.rowsOfFull);
  });
});

describe('an incremental copy', () => {
  it('is put on the full copy that the status names', async () => {
    const repository = adopt(sandbox, history.plain);
    // Newer, nearer, and of no use to it.
    const decoy = { ...history.full, key: 'db1/hourly/mysql/mysql-2026-01-01_00_30_01.xbstream.gz' };
    cpSync(join(repository, history.incremental.key), join(repository, decoy.key));
    changeStatus(repository, 'db1', (status) => ({
      ...status,
      hourly: { ...status['hourly'], [decoy.key]: MYSQL.attributes({ ...decoy, runType: 'hourly' }) },
    }));
    await succeed(history.incremental.key);
    expect(await rowsIn(dst)).toEqual(history.rowsOfIncremental);
    expect(history.rowsOfIncremental).not.toEqual(history.rowsOfFull);
  });

  it('is decrypted, and so is its parent', async () => {
    adopt(sandbox, history.secret, { gpg: decryption });
    await succeed(history.encrypted.incremental.key);
    expect(await rowsIn(dst)).toEqual(history.rowsOfIncremental);
  });
});

describe('the copy in keep_local_path', () => {
  /** As the contract has it: plain here, encrypted there. */
  const adoptBoth = () => {
    const kept = join(sandbox.dir, 'kept');
    cpSync(history.plain, kept, { recursive: true });
    const destination = { keep_local_path: kept };
    return { kept, remote: adopt(sandbox, history.secret, { destination, gpg: decryption }) };
  };

  it('is used first: the destination need not have its object whole', async () => {
    const { remote } = adoptBoth();
    damage(join(remote, history.encrypted.full.key));
    damage(join(remote, history.encrypted.incremental.key));
    await succeed(history.encrypted.incremental.key);
    expect(await rowsIn(dst)).toEqual(history.rowsOfIncremental);
  });

  it('gives way to the one at the destination when it is damaged', async () => {
    const { kept } = adoptBoth();
    damage(join(kept, history.full.key));
    const { exitCode, stderr } = await restore(join(kept, history.incremental.key));
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${join(kept, history.full.key)}: the copy is damaged`);
    expect(stderr).toContain('Trying the next place');
    expect(await rowsIn(dst)).toEqual(history.rowsOfIncremental);
  });
});

describe.skipIf(process.getuid?.() !== 0)('the data directory', () => {
  it('is closed to others when it is new, and may belong to the account of the server', async ({ skip }) => {
    adopt(sandbox, history.plain);
    await succeed(history.full.key);
    expect(statSync(dst).mode & 0o777).toBe(0o700);
    const { status, stdout } = spawnSync('id', ['-u', 'mysql'], { encoding: 'utf8' });
    if (status !== 0) return skip('there is no account mysql here');
    dst = join(sandbox.dir, 'theirs');
    mkdirSync(dst);
    chownSync(dst, Number(stdout), 0);
    await succeed(history.full.key);
    expect(statSync(dst).uid).toBe(Number(stdout));
  });
});

describe('--cache', () => {
  let cache: string;
  let entry: string;
  beforeEach(() => {
    cache = join(sandbox.dir, 'cache');
    entry = join(cache, history.full.name);
  });

  /** Only the cache has it now: the object is damaged. */
  const loseFull = (repository: string) => {
    damage(join(repository, history.full.key));
    dst = join(sandbox.dir, 'again');
  };

  it('keeps the full copy unprepared, for restores of it and of its incremental copies', async () => {
    const repository = adopt(sandbox, history.plain);
    await succeed(history.incremental.key, '--cache', cache);
    // MariaDB has called it otherwise since 11.1.
    const checkpoints = readdirSync(entry).find((name) => name.endsWith('_checkpoints')) ?? '';
    expect(readFileSync(join(entry, checkpoints), 'utf8')).toContain('full-backuped');
    expect(readdirSync(join(cache, '.partial'))).toEqual([]);
    loseFull(repository);
    await succeed(history.full.key, '--cache', cache);
    expect(
      readdirSync(dst)
        .filter((name) => name.startsWith('.'))
        .toSorted(),
    ).toEqual(['.twindb-config@etc@mysql@my.cnf', '.twindb-restored']);
    expect(await rowsIn(dst)).toEqual(history.rowsOfFull);
    dst = join(sandbox.dir, 'third');
    await succeed(history.incremental.key, '--cache', cache);
    expect(await rowsIn(dst)).toEqual(history.rowsOfIncremental);
  });

  it('does not use what the Python tool or a killed restore has left, and removes the latter', async () => {
    adopt(sandbox, history.plain);
    mkdirSync(entry, { recursive: true });
    writeFileSync(join(entry, 'ibdata1'), 'prepared by another tool');
    const abandoned = join(cache, '.partial', deadOwner());
    mkdirSync(abandoned, { recursive: true });
    // Its folder is old, and what is being written in it is not.
    const theirs = join(cache, '.partial', ownerWith({ namespace: 'efff0001' }));
    mkdirSync(theirs);
    writeFileSync(join(theirs, 'ibdata1'), 'being written');
    const old = new Date(Date.now() - 48 * 3_600_000);
    utimesSync(theirs, old, old);
    const { exitCode, stderr } = await restore(history.full.key, '--cache', cache);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`${entry} is taken by something else`)]);
    expect(readdirSync(entry)).toEqual(['ibdata1']);
    expect(readdirSync(join(cache, '.partial'))).toEqual([basename(theirs)]);
    expect(await rowsIn(dst)).toEqual(history.rowsOfFull);
  });

  it('is done without when its entry is not whole, and that is said', async () => {
    adopt(sandbox, history.plain);
    await succeed(history.full.key, '--cache', cache);
    rmSync(join(entry, readdirSync(entry).find((name) => name.endsWith('_checkpoints')) ?? ''));
    dst = join(sandbox.dir, 'again');
    const { exitCode, stderr } = await restore(history.full.key, '--cache', cache);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('cannot be used, the copy is fetched')]);
    expect(await rowsIn(dst)).toEqual(history.rowsOfFull);
  });

  it('does not take the copy of another host for this one', async () => {
    const repository = adopt(sandbox, history.plain);
    await succeed(history.full.key, '--cache', cache);
    renameSync(join(repository, 'db1'), join(repository, 'db2'));
    const key = history.full.key.replace('db1', 'db2');
    changeStatus(repository, 'db2', () => ({ hourly: {}, daily: {}, weekly: {}, monthly: {}, yearly: {} }));
    dst = join(sandbox.dir, 'other');
    const { exitCode, stderr } = await restore(key, '--cache', cache);
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('is of another copy')]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'that others may write to is neither used nor filled, which is one warning',
    async () => {
      adopt(sandbox, history.plain);
      await succeed(history.full.key, '--cache', cache);
      const before = readdirSync(entry);
      writeFileSync(join(entry, 'planted'), 'evil');
      for (const open of [() => chmodSync(cache, 0o1777), () => chownSync(cache, 65_534, 65_534)]) {
        chmodSync(cache, 0o700);
        open();
        dst = join(sandbox.dir, `of-${readdirSync(sandbox.dir).length}`);
        const { exitCode, stderr } = await restore(history.full.key, '--cache', cache);
        expect([exitCode, stderr]).toEqual([
          0,
          expect.stringContaining(`The cache ${cache} is not used, as other`),
        ]);
        expect(stderr.match(/WARNING/g)).toHaveLength(1);
        expect(existsSync(join(dst, 'planted'))).toBe(false);
      }
      expect(readdirSync(entry).toSorted()).toEqual([...before, 'planted'].toSorted());
    },
  );

  it('serves two restores at once', async () => {
    adopt(sandbox, history.plain);
    const targets = ['one', 'two'].map((name) => join(sandbox.dir, name));
    const results = await Promise.all(
      targets.map((target) =>
        sandbox.run('restore', 'mysql', history.full.key, '--dst', target, '--cache', cache),
      ),
    );
    for (const result of results) expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    for (const target of targets) expect(await rowsIn(target)).toEqual(history.rowsOfFull);
    expect(readdirSync(cache).toSorted()).toEqual(['.partial', history.full.name]);
  });
});
