import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakePrograms, type FakePrograms, SAYS } from '../../../test/fixtures/fake-programs.ts';
import { describeError } from '../../errors.ts';
import { flavourOf } from '../flavours.ts';
import { findPrograms } from './programs.ts';

const NOTHING = { xtrabackupBinary: undefined };

const find = (flavour: ReturnType<typeof flavourOf>, config: Parameters<typeof findPrograms>[1] = NOTHING) =>
  findPrograms({ flavour }, config, new AbortController().signal);

const failure = (...args: Parameters<typeof find>) => find(...args).then(() => '', describeError);

describe('the programs for a server', () => {
  let programs: FakePrograms;
  beforeEach(() => {
    programs = createFakePrograms();
  });
  afterEach(() => programs[Symbol.dispose]());
  const install: FakePrograms['install'] = (...args) => programs.install(...args);

  it('are found in PATH by their preferred name', async () => {
    install('mariadb-backup', SAYS.mariabackup);
    const preferred = install('mariabackup', SAYS.mariabackup);
    expect(await find(flavourOf('mariadb', '10.11.19'))).toEqual({
      backup: preferred,
      backupVersion: '10.11.19-MariaDB',
      debianPackage: 'mariadb-backup',
    });
  });

  it('are found by their other name', async () => {
    const other = install('mariadb-backup', SAYS.mariabackup);
    expect((await find(flavourOf('mariadb', '10.11.19'))).backup).toBe(other);
  });

  it('are the configured ones, where there are some', async () => {
    install('xtrabackup', SAYS.xtrabackup80);
    const xtrabackupBinary = install('my-backup', SAYS.xtrabackup80);
    const found = await find(flavourOf('oracle', '8.0.40'), { xtrabackupBinary });
    expect(found).toMatchObject({
      backup: xtrabackupBinary,
      backupVersion: '8.0.35-30',
    });
  });

  it.each([
    ['mariadb', '11.8.3', 'mariadb-backup or mariabackup', 'apt-get install mariadb-backup'],
    ['oracle', '8.4.3', 'xtrabackup', 'apt-get install percona-xtrabackup-84'],
    ['percona', '5.7.44', 'xtrabackup', 'apt-get install percona-xtrabackup-24'],
  ] as const)('of %s %s are missing: %s, with the package', async (vendor, version, names, remedy) => {
    const message = await failure(flavourOf(vendor, version));
    expect(message).toContain(`${names} is not installed`);
    expect(message).toContain(remedy);
  });

  it('lack a configured one: the option is in the message', async () => {
    const message = await failure(flavourOf('mariadb', '10.11.19'), {
      ...NOTHING,
      xtrabackupBinary: '/opt/nope',
    });
    expect(message).toContain('Cannot run /opt/nope: there is no such program');
    expect(message).toContain('[mysql] xtrabackup_binary');
  });

  it.each([
    ['mariadb', '10.11.19', SAYS.xtrabackup80, 'MariaDB 10.11: it is made for MySQL and Percona Server only'],
    ['oracle', '8.0.40', SAYS.mariabackup, 'MySQL 8.0: it is made for MariaDB only'],
    ['oracle', '8.0.40', SAYS.xtrabackup24, 'version 2.4.29, and version 8.0 is needed'],
    ['oracle', '5.7.44', SAYS.xtrabackup80, 'version 8.0.35-30, and version 2.4 is needed'],
    ['percona', '8.4.3', SAYS.xtrabackup80, 'version 8.0.35-30, and version 8.4 is needed'],
    ['oracle', '8.0.40', 'something else 1.0', 'neither xtrabackup nor mariabackup'],
  ] as const)('are refused: %s %s with %s', async (vendor, version, says, reason) => {
    const xtrabackupBinary = install('configured', says);
    const message = await failure(flavourOf(vendor, version), { ...NOTHING, xtrabackupBinary });
    expect(message).toContain(`${xtrabackupBinary} cannot back up or restore`);
    expect(message).toContain(reason);
  });

  it('are accepted: XtraBackup 2.4 for MySQL 5.6, 8.4 for 8.4, any for an unknown version', async () => {
    install('xtrabackup', SAYS.xtrabackup24);
    expect((await find(flavourOf('oracle', '5.6.51'))).backupVersion).toBe('2.4.29');
    expect((await find(flavourOf('oracle', undefined))).backupVersion).toBe('2.4.29');
    install('xtrabackup', SAYS.xtrabackup84);
    expect((await find(flavourOf('percona', '8.4.3'))).backupVersion).toBe('8.4.0-1');
  });
});
