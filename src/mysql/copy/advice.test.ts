import { describe, expect, it } from 'vitest';
import { flavourOf } from '../flavours.ts';
import { blankSecrets } from '../server/blank-secrets.ts';
import { adviseNextSteps, findDatadir, type RestoredData } from './advice.ts';

const save = (path: string, text: string) => ({ [path]: Buffer.from(text).toString('base64') });

const data = (more: Partial<RestoredData>): RestoredData => ({
  dst: '/restore',
  flavour: flavourOf('mariadb', '10.11.19'),
  config: [],
  innodbLogFileSize: '50331648',
  galera: false,
  binlog: undefined,
  position: undefined,
  gtid: undefined,
  ...more,
});

const advise = (more: Partial<RestoredData>) => adviseNextSteps(data(more)).join('\n');

describe('the advice after a restore', () => {
  it("names the server's own unit: mariadb or mysql", () => {
    expect(advise({})).toContain('systemctl start mariadb');
    expect(advise({ flavour: flavourOf('oracle', '8.4.2') })).toContain('systemctl start mysql');
  });

  it('goes through stop, move away, copy, chown, start in this order', () => {
    const text = advise({});
    const steps = ['systemctl stop', 'mv ', 'cp -a', 'chown -R mysql:mysql', 'systemctl start'];
    const places = steps.map((step) => text.indexOf(step));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('says when passwords were left out of the configuration files', () => {
    const config = [save('/etc/my.cnf', '[mysqld]\npassword=x\n')];
    expect(advise({ config })).not.toContain('Passwords');
    expect(advise({ config: blankSecrets(config) })).toContain('Passwords in them are left out');
  });

  it('tells innodb_log_file_size where the server must be told it, and only there', () => {
    for (const version of ['5.7.44', '8.0.36'])
      expect(advise({ flavour: flavourOf('percona', version) })).toContain('innodb_log_file_size=50331648');
    for (const flavour of [flavourOf('mariadb', '10.11'), flavourOf('oracle', '8.4.0')])
      expect(advise({ flavour })).not.toContain('innodb_log_file_size');
  });

  it('says how a whole cluster begins anew, of Galera nodes only', () => {
    expect(advise({ galera: true })).toContain('galera_new_cluster');
    expect(advise({})).not.toContain('galera');
  });

  it('quotes paths as a shell wants them', () => {
    expect(advise({ dst: '/a\n\x1b[2J' })).toContain("cp -a $'/a\\n\\u001b[2J'/. /var/lib/mysql/");
    expect(advise({ dst: "/my restore/it's" })).toContain("cp -a '/my restore/it'\\''s'/. /var/lib/mysql/");
  });
});

describe('the datadir', () => {
  it('is the last one that the saved configuration names', () => {
    const first = save('/etc/my.cnf', '[mysqld]\ndatadir=/first\n');
    expect(findDatadir([first, save('/etc/my.cnf.d/x', '[mysqld]\n  datadir = "/srv/my sql/"\n')])).toBe(
      '/srv/my sql',
    );
  });

  it('is never the root of all files, which the steps would move and give to mysql', () => {
    for (const root of ['/', '//', '/srv/..'])
      expect(findDatadir([save('/etc/my.cnf', `[mysqld]\ndatadir=${root}\n`)])).toBe('/var/lib/mysql');
  });

  it('is the usual one when it names none, or none that is absolute', () => {
    expect(findDatadir([])).toBe('/var/lib/mysql');
    expect(findDatadir([save('/etc/my.cnf', '#datadir=/x\n[mysqld]\ndatadir=.\n')])).toBe('/var/lib/mysql');
  });
});
