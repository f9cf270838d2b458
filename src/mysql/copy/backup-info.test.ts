import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flavourOf } from '../flavours.ts';
import { parseBackupInfo, readBackupInfo } from './backup-info.ts';

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/backup-info', import.meta.url));

describe('what a backup program reports is read', () => {
  it('from mariabackup 10.11', async () => {
    expect(await readBackupInfo(`${FIXTURES}/mariabackup-10.11`, flavourOf('mariadb', '10.11.19'))).toEqual({
      type: 'full',
      fromLsn: 0,
      toLsn: 44848,
      lastLsn: 47072,
      binlog: 'mysql-bin.000002',
      position: 546,
      gtid: '0-1-6',
      serverVersion: '10.11.19-MariaDB-0+deb12u1-log',
      seconds: 2,
    });
  });

  it('from MariaDB 11, which has other names for its files', async () => {
    expect(
      await readBackupInfo(`${FIXTURES}/mariadb-backup-11.8`, flavourOf('mariadb', '11.8.3')),
    ).toMatchObject({
      type: 'incremental',
      fromLsn: 62114,
      toLsn: 1159603,
      lastLsn: 1159619,
      binlog: 'mysql-bin.000007',
      position: 19349545,
    });
  });

  it('from MariaDB 11.0, which still has the old names', async () => {
    const info = await readBackupInfo(`${FIXTURES}/mariabackup-10.11`, flavourOf('mariadb', '11.0.2'));
    expect(info.toLsn).toBe(44848);
  });

  it('from xtrabackup 2.4 with an LSN beyond 32 bits and a GTID set over several lines', async () => {
    expect(await readBackupInfo(`${FIXTURES}/xtrabackup-2.4`, flavourOf('percona', '5.7.44'))).toMatchObject({
      type: 'full',
      toLsn: 2512733212975,
      lastLsn: 2512733212984,
      binlog: 'mysql-bin.000003',
      position: 4322,
      gtid: '2f3c1e9a-c4ba-11e9-8000-000000000001:1-15,7d1b9c52-c4ba-11e9-8000-000000000002:1-204:300',
    });
  });

  it('from xtrabackup 8.0 without GTIDs', async () => {
    expect(await readBackupInfo(`${FIXTURES}/xtrabackup-8.0`, flavourOf('oracle', '8.0.40'))).toMatchObject({
      binlog: 'binlog.000012',
      position: 157,
      gtid: undefined,
      serverVersion: '8.0.40',
    });
  });

  it('from xtrabackup 8.4 without a binary log', async () => {
    expect(await readBackupInfo(`${FIXTURES}/xtrabackup-8.4`, flavourOf('oracle', '8.4.3'))).toMatchObject({
      type: 'incremental',
      fromLsn: 19873452,
      binlog: undefined,
      position: undefined,
      gtid: undefined,
    });
  });
});

describe('where a copy is in the binary logs', () => {
  const read = (position: string) => {
    const checkpoints = 'backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 1\n';
    return parseBackupInfo({
      checkpoints: { path: 'checkpoints', content: checkpoints },
      info: { path: 'info', content: `binlog_pos = ${position}\nserver_version = 10.11.6\n` },
    });
  };

  it.each(['../../etc/x.000001', '/etc/x.000001', 'x', 'x.000001; rm -rf x'])(
    'is not known when the name is none of a log: %s',
    (name) => {
      expect(read(`filename '${name}', position '4', GTID of the last change '0-1-6'`)).toMatchObject({
        binlog: undefined,
        position: undefined,
        gtid: undefined,
      });
    },
  );

  it('has no GTIDs where those are none', () => {
    const info = read(`filename '-x.000001', position '4', GTID of the last change '0-1-6";DROP'`);
    expect(info).toMatchObject({ binlog: '-x.000001', position: 4, gtid: undefined });
  });

  it('has GTIDs of MySQL with tags, over several lines', () => {
    const uuid = '2f3c1e9a-c4ba-11e9-8000-000000000001';
    const info = read(
      `filename 'x.000001', position '4', GTID of the last change '${uuid}:1-5:tag:7,\n${uuid}:9'`,
    );
    expect(info.gtid).toBe(`${uuid}:1-5:tag:7,${uuid}:9`);
  });
});

describe('what a backup program reports is refused', () => {
  let dir: string;
  const flavour = flavourOf('mariadb', '11.8.3');
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'info-'));
    cpSync(`${FIXTURES}/mariadb-backup-11.8`, dir, { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('when a file is missing: the message has all its names', async () => {
    rmSync(join(dir, 'mariadb_backup_info'));
    await expect(readBackupInfo(dir, flavour)).rejects.toThrow(
      `left no mariadb_backup_info or xtrabackup_info in ${dir}`,
    );
  });

  it.each(['', 'to_lsn = ', 'to_lsn = 12a', 'to_lsn = 99999999999999999999'])(
    'without a usable LSN: "%s"',
    async (line) => {
      const path = join(dir, 'mariadb_backup_checkpoints');
      writeFileSync(path, `backup_type = full-backuped\nfrom_lsn = 0\n${line}\n`);
      await expect(readBackupInfo(dir, flavour)).rejects.toThrow(`${path}: to_lsn must be an LSN`);
    },
  );

  it('with a type nobody knows', async () => {
    writeFileSync(
      join(dir, 'mariadb_backup_checkpoints'),
      'backup_type = partial\nfrom_lsn = 0\nto_lsn = 1\n',
    );
    await expect(readBackupInfo(dir, flavour)).rejects.toThrow('backup_type is "partial"');
  });
});
