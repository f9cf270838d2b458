import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakePrograms, type FakePrograms } from '../../../test/fixtures/fake-programs.ts';
import { flavourOf } from '../flavours.ts';
import { findServer, refuse } from './find-server.ts';

const MARIADB = 'mariadbd  Ver 10.11.18-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)';
const MYSQL = '/usr/sbin/mysqld  Ver 8.0.35 for Linux on x86_64 (MySQL Community Server - GPL)';

describe('a server program', () => {
  it.each([
    ['mariadb', '10.11.4-MariaDB', MARIADB, undefined],
    ['mariadb', undefined, MARIADB, undefined],
    ['mariadb', '11.8.2-MariaDB', MARIADB, 'MariaDB 10.11'],
    ['oracle', '8.0.35', MYSQL, undefined],
    ['percona', '8.0.35-27', MYSQL, undefined],
    ['oracle', '8.4.0', MYSQL, 'MySQL 8.0'],
    ['oracle', '10.11.4', MARIADB, 'MariaDB 10.11'],
    ['mariadb', '10.11.4-MariaDB', 'usage: …', 'no server that says its version'],
  ] as const)('for a copy of %s %s, which says %j, is %j', (vendor, version, says, expected) => {
    expect(refuse(flavourOf(vendor, version), says)).toBe(expected);
  });
});

describe('the search for it', () => {
  let programs: FakePrograms;
  beforeEach(() => {
    programs = createFakePrograms();
  });
  afterEach(() => programs[Symbol.dispose]());

  const find = (version: string, serverPrograms: readonly string[] = ['mariadbd', 'mysqld']) =>
    findServer({ ...flavourOf('mariadb', version), serverPrograms }, new AbortController().signal);

  it('takes the first program of the series', async () => {
    programs.installScript('mariadbd', "echo 'mariadbd  Ver 11.8.3-MariaDB for linux'");
    const wanted = programs.installScript('mysqld', "echo 'mysqld  Ver 10.11.3-MariaDB for linux'");
    expect(await find('10.11.18-MariaDB')).toBe(wanted);
  });

  it('says which series is needed when there are others, and does not run one', async () => {
    const other = programs.installScript('mariadbd', "echo 'mariadbd  Ver 11.8.3-MariaDB for linux'");
    await expect(find('10.11.18-MariaDB')).rejects.toMatchObject({
      message: `A server MariaDB 10.11 is needed to start on this copy: ${other} is MariaDB 11.8`,
      remedy: 'Run the command on a host with MariaDB 10.11; the server there need not run.',
    });
  });

  it('names the package when there is none', async () => {
    await expect(find('10.11.18-MariaDB')).rejects.toMatchObject({
      message: 'A server MariaDB 10.11 is needed to start on this copy, and none is installed here',
      remedy: expect.stringContaining('mariadb-server'),
    });
  });

  it('takes one that fails for none', async () => {
    programs.installScript('mariadbd', 'echo "cannot open shared object" >&2; exit 127');
    await expect(find('10.11.18-MariaDB')).rejects.toThrow('no server that says its version');
  });
});
