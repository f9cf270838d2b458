import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programsByInfo, programsByStatus } from './copy-programs.ts';

const MARIABACKUP = 'mariabackup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)';
const xtrabackup = (version: string) => `xtrabackup version ${version} based on MySQL server 8.0.35 Linux`;

const NOTHING = { xtrabackupBinary: undefined, xbstreamBinary: undefined };

describe('the programs for a copy', () => {
  let dir: string;
  const path = process.env['PATH'];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'programs-'));
    process.env['PATH'] = dir;
  });
  afterEach(() => {
    process.env['PATH'] = path;
    rmSync(dir, { recursive: true });
  });

  /** A stand-in for a backup program that knows its version only. */
  const install = (name: string, says = '') => {
    const file = join(dir, name);
    writeFileSync(file, `#!/bin/sh\necho '${says}' >&2\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const installMariadb = () => [install('mariabackup', MARIABACKUP), install('mbstream')];
  const installXtrabackup = (version = '8.0.35-30') => [
    install('xtrabackup', xtrabackup(version)),
    install('xbstream'),
  ];

  it('follow from the server that the status names, whatever else is installed', async () => {
    installMariadb();
    installXtrabackup();
    const of = async (serverVendor: 'mariadb' | 'percona', serverVersion: string | undefined) =>
      (await programsByStatus({ serverVendor, serverVersion }, NOTHING)).programs.stream;
    expect(await of('mariadb', '11.8.2-MariaDB')).toBe(join(dir, 'mbstream'));
    expect(await of('mariadb', undefined)).toBe(join(dir, 'mbstream'));
    expect(await of('percona', '8.0.36-28')).toBe(join(dir, 'xbstream'));
  });

  it('are those that are installed when the status does not tell, as in version 2 of the Python tool', async () => {
    const unknown = { serverVendor: 'oracle', serverVersion: undefined } as const;
    installMariadb();
    for (const copy of [unknown, undefined])
      expect((await programsByStatus(copy, NOTHING)).flavour.family).toBe('mariadb');
    installXtrabackup('2.4.29');
    for (const copy of [unknown, undefined])
      expect((await programsByStatus(copy, NOTHING)).flavour.family).toBe('mysql');
  });

  it('are asked for by the package of the likelier server when there are none', async () => {
    await expect(programsByStatus(undefined, NOTHING)).rejects.toThrow('xtrabackup is not installed');
  });

  it('must serve the version that the copy itself tells', async () => {
    installXtrabackup('8.0.35-30');
    const info = (version: string) => programsByInfo(version, undefined, NOTHING);
    expect((await info('8.0.36')).flavour.title).toBe('MySQL 8.0');
    await expect(info('8.4.2')).rejects.toThrow('8.4 is needed');
    await expect(info('10.11.19-MariaDB')).rejects.toThrow('MariaDB 10.11 needs');
    const percona = { serverVendor: 'percona', serverVersion: undefined } as const;
    expect((await programsByInfo('8.0.36-28', percona, NOTHING)).flavour.title).toBe('Percona Server 8.0');
  });

  it('are the ones that the operator has chosen, wherever they lie', async () => {
    const [backup = '', stream = ''] = installMariadb();
    process.env['PATH'] = '/nonexistent';
    const chosen = { xtrabackupBinary: backup, xbstreamBinary: stream };
    expect((await programsByStatus(undefined, chosen)).programs).toMatchObject({ backup, stream });
  });
});
