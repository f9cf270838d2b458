import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { expectOneMessage } from '../e2e/messages.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { makeImmovable } from '../fixtures/immovable.ts';
import { backUp, configureMysql, listedBinlogs, listedMysql, mysqlObjectsIn } from '../fixtures/mysql-run.ts';
import { useLab } from '../lab/lab.ts';
import { type MariadbServer, startMariadb } from '../lab/mariadb.ts';

const isRoot = process.getuid?.() === 0;

let server: MariadbServer;
let sandbox: Sandbox;
beforeAll(async () => {
  // A tiny server: its files are what a run copies.
  server = await startMariadb({ lines: ['innodb_log_file_size = 4M', 'innodb_buffer_pool_size = 16M'] });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  sandbox = createSandbox();
  await server.resetBinlogs();
});
afterEach(() => sandbox[Symbol.dispose]());

type Counts = Readonly<Record<string, number>>;

const configure = (
  [there, here]: readonly [Counts, Counts],
  more: Parameters<typeof configureMysql>[2] = {},
  of: Pick<MariadbServer, 'defaultsFile'> = server,
): void =>
  configureMysql(sandbox, of, {
    destination: { keep_local_path: join(sandbox.dir, 'kept') },
    retention: there,
    retention_local: here,
    ...more,
  });

/** With copies of binary logs, the copy that the oldest of them continue stays too. */
const WITHOUT_LOGS = { lines: ['skip_log_bin'] };

const PLACES = { remote: 'repository', local: 'kept' } as const;
const STATUS = { status: 'MySQL', 'binlog-status': 'binary logs' } as const;

/** Damages a status and its second copy; `mend` puts them back. */
function damage(place: keyof typeof PLACES, name: keyof typeof STATUS): { mend: () => void } {
  const files = [name, `${name}.copy`].map((each) => join(sandbox.dir, PLACES[place], hostname(), each));
  const whole = files.map((file) => [file, readFileSync(file)] as const);
  for (const file of files) writeFileSync(file, 'junk');
  return { mend: () => whole.forEach(([file, bytes]) => writeFileSync(file, bytes)) };
}

const countCopies = () => ({ mysql: mysqlObjectsIn(sandbox).length, binlog: listedBinlogs(sandbox).size });

const typesOf = (place: keyof typeof PLACES): string[] =>
  listedMysql(sandbox, PLACES[place]).map(({ runType, type }) => `${runType} ${type}`);

describe('copies of MySQL at the destination and in keep_local_path', () => {
  it('are all restorable where local ones are kept longer, and the full copy goes once no local one continues it', async () => {
    const { gpg } = useLab();
    await using other = await startMariadb(WITHOUT_LOGS);
    const encryption = {
      gpg: { recipient: gpg.recipient, keyring: gpg.keyring, secret_keyring: gpg.secretKeyring },
    };
    const there = { daily_copies: 1, hourly_copies: 1 };
    configure([there, { daily_copies: 0, hourly_copies: 5 }], encryption, other);
    for (const runType of ['daily', 'hourly', 'hourly', 'daily', 'hourly'])
      expect(await backUp(sandbox, runType)).toEqual(SILENT);
    expect(typesOf('local')).toEqual(['hourly incremental', 'hourly incremental', 'hourly incremental']);
    expect(typesOf('remote')).toEqual(['hourly incremental', 'daily full', 'daily full']);
    const [oldest = ''] = mysqlObjectsIn(sandbox, 'kept');
    const dst = join(sandbox.dir, 'restored');
    const restore = await sandbox.run('restore', 'mysql', join(sandbox.dir, 'kept', oldest), '--dst', dst);
    expect([restore.exitCode, restore.stderr]).toEqual([0, '']);
    expect(existsSync(join(dst, 'ibdata1'))).toBe(true);
    expect(await sandbox.run('check', '--type', 'mysql')).toMatchObject({ exitCode: 0, stderr: '' });

    configure([there, { daily_copies: 0, hourly_copies: 1 }], encryption, other);
    // The destination's turn comes first: it goes by what was kept here after the run before.
    for (let run = 0; run < 2; run += 1) expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    expect(typesOf('local')).toEqual(['hourly incremental']);
    expect(typesOf('remote')).toEqual(['hourly incremental', 'daily full']);
    expect(mysqlObjectsIn(sandbox)).toHaveLength(2);
  });

  it.skipIf(!isRoot)(
    'expire in keep_local_path although one at the destination cannot be removed, which the next failed backup tries again',
    async () => {
      await using other = await startMariadb(WITHOUT_LOGS);
      configure([{ daily_copies: 1 }, { daily_copies: 1 }], {}, other);
      expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
      const [first = ''] = mysqlObjectsIn(sandbox);
      {
        using _stuck = makeImmovable(join(sandbox.dir, 'repository', first));
        for (let run = 0; run < 2; run += 1) {
          const says = /^Cannot remove 1 expired copies from \S+: .*mysql-/;
          expectOneMessage(await backUp(sandbox, 'daily'), { exitCode: 1, says, remedy: /are safe/ });
          expect(mysqlObjectsIn(sandbox, 'kept')).toHaveLength(1);
        }
      }
      expect(mysqlObjectsIn(sandbox)).toHaveLength(2);
      const program = sandbox.file('bin/backup-program', '#!/bin/sh\nexit 3\n');
      chmodSync(program, 0o755);
      configure([{ daily_copies: 1 }, { daily_copies: 1 }], { mysql: { xtrabackup_binary: program } });
      const failed = await backUp(sandbox, 'daily');
      expectOneMessage(failed, { exitCode: 1, says: /^Cannot back up MySQL: / });
      // Its room may be what was missing.
      expect(mysqlObjectsIn(sandbox)).toEqual(listedMysql(sandbox).map(({ key }) => key));
    },
  );
});

describe('a status that cannot be read', () => {
  it.each([
    ['status', 'mysql'],
    ['binlog-status', 'binlog'],
  ] as const)(
    'at the destination, %s, is one message, and the other kind of copy is made',
    async (name, kind) => {
      configure([{}, {}]);
      expect(await backUp(sandbox, 'daily')).toEqual(SILENT);
      const before = countCopies();
      const { mend } = damage('remote', name);
      expectOneMessage(await backUp(sandbox, 'hourly'), {
        exitCode: 1,
        says: new RegExp(
          `^Cannot back up ${STATUS[name]}: Neither the status \\S+/${name} nor its second copy`,
        ),
        remedy: /To begin a new status/,
      });
      mend();
      expect(countCopies()).toEqual({
        mysql: before.mysql + Number(kind !== 'mysql'),
        binlog: before.binlog + Number(kind !== 'binlog'),
      });
      expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    },
  );

  it('in keep_local_path keeps no copy from the destination, no full copy there goes, and it is one message', async () => {
    const counts = { daily_copies: 1, hourly_copies: 1 };
    configure([counts, { daily_copies: 0, hourly_copies: 5 }]);
    for (const runType of ['daily', 'hourly']) expect(await backUp(sandbox, runType)).toEqual(SILENT);
    const kept = mysqlObjectsIn(sandbox, 'kept');
    const { mend } = damage('local', 'status');
    for (const runType of ['daily', 'hourly', 'daily']) {
      expectOneMessage(await backUp(sandbox, runType), {
        exitCode: 1,
        says: /^Cannot back up MySQL: \S+ is safe, but its copy in keep_local_path could not be recorded: Neither the status /,
        remedy: /To begin a new status/,
      });
    }
    expect(typesOf('remote')).toEqual(['hourly incremental', 'daily full', 'daily full', 'daily full']);
    expect(mysqlObjectsIn(sandbox, 'kept')).toEqual(kept);
    mend();
    expect(await backUp(sandbox, 'hourly')).toEqual(SILENT);
    // The oldest is what the local copy continues.
    expect(typesOf('remote')).toEqual(['hourly incremental', 'daily full', 'daily full']);
  });
});
