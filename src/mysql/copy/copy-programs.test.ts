import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakePrograms, type FakePrograms, pidOf, SAYS } from '../../../test/fixtures/fake-programs.ts';
import { type ChosenPrograms, programsByInfo, programsByStatus } from './copy-programs.ts';

const search = (chosen: ChosenPrograms, signal = new AbortController().signal) => ({
  programs: chosen,
  signal,
});
const NOTHING = search({ xtrabackupBinary: undefined });

describe('the programs for a copy', () => {
  let programs: FakePrograms;
  beforeEach(() => {
    programs = createFakePrograms();
  });
  afterEach(() => programs[Symbol.dispose]());
  const install: FakePrograms['install'] = (...args) => programs.install(...args);

  const installMariadb = () => install('mariabackup', SAYS.mariabackup);
  const installXtrabackup = (says = SAYS.xtrabackup80) => install('xtrabackup', says);

  it('follow from the server that the status names, whatever else is installed', async () => {
    installMariadb();
    installXtrabackup();
    const of = async (serverVendor: 'mariadb' | 'percona', serverVersion: string | undefined) =>
      (await programsByStatus({ serverVendor, serverVersion }, NOTHING)).programs.backup;
    expect(await of('mariadb', '11.8.2-MariaDB')).toBe(join(programs.dir, 'mariabackup'));
    expect(await of('mariadb', undefined)).toBe(join(programs.dir, 'mariabackup'));
    expect(await of('percona', '8.0.36-28')).toBe(join(programs.dir, 'xtrabackup'));
  });

  it('are those that are installed when the status does not tell, as in version 2 of the Python tool', async () => {
    const unknown = { serverVendor: 'oracle', serverVersion: undefined } as const;
    installMariadb();
    for (const copy of [unknown, undefined])
      expect((await programsByStatus(copy, NOTHING)).flavour.family).toBe('mariadb');
    installXtrabackup(SAYS.xtrabackup24);
    for (const copy of [unknown, undefined])
      expect((await programsByStatus(copy, NOTHING)).flavour.family).toBe('mysql');
  });

  it('are asked for by the package of the likelier server when there are none', async () => {
    await expect(programsByStatus(undefined, NOTHING)).rejects.toThrow('xtrabackup is not installed');
  });

  it('must serve the version that the copy itself tells', async () => {
    installXtrabackup();
    const before = await programsByStatus(undefined, NOTHING);
    const info = (version: string) => programsByInfo(before, version, undefined, NOTHING);
    expect((await info('8.0.36')).flavour.title).toBe('MySQL 8.0');
    await expect(info('8.4.2')).rejects.toThrow('8.4 is needed');
    await expect(info('10.11.19-MariaDB')).rejects.toThrow('MariaDB 10.11 needs');
    const percona = { serverVendor: 'percona', serverVersion: undefined } as const;
    expect((await programsByInfo(before, '8.0.36-28', percona, NOTHING)).flavour.title).toBe(
      'Percona Server 8.0',
    );
  });

  it('are the ones that the operator has chosen, wherever they lie', async () => {
    const backup = installMariadb();
    process.env['PATH'] = '/nonexistent';
    const chosen = search({ xtrabackupBinary: backup });
    expect((await programsByStatus(undefined, chosen)).programs).toMatchObject({ backup });
  });

  it('are not waited for beyond the signal when one hangs that is asked for its version', async () => {
    const hanging = programs.installScript('xtrabackup', 'echo $$ > "$0.pid"; exec /bin/sleep 600');
    const controller = new AbortController();
    const found = programsByStatus(undefined, search(NOTHING.programs, controller.signal));
    const pid = await pidOf(hanging);
    controller.abort(new Error('SIGTERM'));
    await expect(found).rejects.toThrow('SIGTERM');
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});
