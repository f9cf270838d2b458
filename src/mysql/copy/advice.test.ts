import { describe, expect, it } from 'vitest';
import { flavourOf } from '../flavours.ts';
import { blankSecrets } from '../server/blank-secrets.ts';
import { adviseNextSteps, oldLogsFolder, type RestoredData } from './advice.ts';
import type { StepsHost } from './advise-outside.ts';

const save = (path: string, text: string) => ({ [path]: Buffer.from(text).toString('base64') });

const data = (more: Partial<RestoredData>): RestoredData => ({
  dst: '/restore',
  flavour: flavourOf('mariadb', '10.11.19'),
  config: [],
  setup: undefined,
  names: ['ibdata1', 'ib_logfile0', 'undo001', 'mysql', 'shop'],
  innodbLogFileSize: '50331648',
  galera: false,
  binlog: undefined,
  position: undefined,
  gtid: undefined,
  ...more,
});

/** A host with these folders and what is in them. */
const hostWith = (folders: Readonly<Record<string, readonly string[]>>, mountPoint = ''): StepsHost => ({
  exists: (path) => Object.hasOwn(folders, path),
  list: (folder) => folders[folder] ?? [],
  isMountPoint: (path) => path === mountPoint,
  realPath: (path) => path,
});
const usual = hostWith({ '/var/lib/mysql': ['ibdata1'], '/srv/mysql': [] });

const advise = (more: Partial<RestoredData>, host = usual) => adviseNextSteps(data(more), host).join('\n');

const setupWith = (settings: Readonly<Record<string, string>>, unit?: string) => ({
  settings,
  unit,
  filters: {},
  upstreams: [],
});

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

describe('the data directory that the steps name', () => {
  const moved = (more: Partial<RestoredData>, host?: StepsHost) =>
    /\n {2}(?:mv|mkdir -p) (.*?) && cp -a /.exec(advise(more, host))?.[1];

  it('is the one that was recorded, not what configuration files say', () => {
    const config = [save('/etc/my.cnf', '[mysqld]\ndatadir=/other\n')];
    const setup = setupWith({ datadir: '/srv/mysql/' });
    expect(moved({ config, setup })).toBe('/srv/mysql /srv/mysql.old && mkdir /srv/mysql');
  });

  it('is, without a record, the last one that the saved configuration names for a single server', () => {
    const first = save('/etc/my.cnf', '[mysqld]\ndatadir=/first\n[mysqld2]\ndatadir=/srv/mysql2\n');
    expect(moved({ config: [first] })).toBe('/first');
    const second = save('/etc/my.cnf.d/x', '[mysqld]\n  datadir = "/srv/my sql/"\n');
    expect(moved({ config: [first, second] })).toBe("'/srv/my sql'");
  });

  it('is never the root of all files, which the steps would move and give to mysql', () => {
    for (const root of ['/', '//', '/srv/..']) {
      expect(moved({ config: [save('/etc/my.cnf', `[mysqld]\ndatadir=${root}\n`)] })).toContain(
        '/var/lib/mysql ',
      );
      expect(moved({ setup: setupWith({ datadir: root }) })).toContain('/var/lib/mysql ');
    }
  });

  it('is the usual one when it names none, or none that is absolute', () => {
    expect(moved({})).toContain('/var/lib/mysql ');
    const config = [save('/etc/my.cnf', '#datadir=/x\n[mysqld]\ndatadir=.\n')];
    expect(moved({ config })).toContain('/var/lib/mysql ');
  });

  it('moves to a name that is not taken', () => {
    const host = hostWith({ '/var/lib/mysql': [], '/var/lib/mysql.old': [], '/var/lib/mysql.old2': [] });
    expect(moved({}, host)).toBe('/var/lib/mysql /var/lib/mysql.old3 && mkdir /var/lib/mysql');
  });

  it('is made where there is none', () => {
    expect(moved({}, hostWith({}))).toBe('/var/lib/mysql');
  });

  it('stays when the data have been restored into it', () => {
    const text = advise({ dst: '/var/lib/mysql' });
    expect(text).toContain('in /var/lib/mysql, the data directory of their server');
    expect(text).not.toMatch(/ {2}(mv|cp|mkdir|rm) /);
    expect(text).toContain('\n  chown -R mysql:mysql /var/lib/mysql\n');
  });

  it('is emptied where it cannot be renamed', () => {
    const host = hostWith({ '/var/lib/mysql': [] }, '/var/lib/mysql');
    expect(advise({}, host)).toContain(
      '  mkdir /var/lib/mysql.old && find /var/lib/mysql -mindepth 1 -maxdepth 1 -exec mv -t /var/lib/mysql.old {} +',
    );
  });

  it('takes data along that were restored below it', () => {
    expect(advise({ dst: '/var/lib/mysql/new' })).toContain(
      ' && cp -a /var/lib/mysql.old/new/. /var/lib/mysql/',
    );
  });

  it('is the folder itself where it is a link', () => {
    const host = { ...usual, realPath: (path: string) => (path === '/var/lib/mysql' ? '/srv/mysql' : path) };
    expect(moved({}, host)).toBe('/srv/mysql /srv/mysql.old && mkdir /srv/mysql');
    expect(advise({ dst: '/srv/mysql' }, host)).toContain('the data directory of their server');
  });
});

describe('the unit that the steps name', () => {
  it('is the one that was recorded', () => {
    const text = advise({ setup: setupWith({ datadir: '/srv/mysql2' }, 'mariadb@2') });
    expect(text).toContain('  systemctl stop mariadb@2\n');
    expect(text).toContain('  systemctl start mariadb@2');
  });

  it('may be another one where none was found', () => {
    expect(advise({ setup: setupWith({ datadir: '/srv/mysql2' }) })).toContain(
      'systemctl stop mariadb   # or whatever else runs the server whose data are in /srv/mysql2\n',
    );
  });
});

describe('files outside the data directory', () => {
  const datadir = '/var/lib/mysql/';
  it('of the system tablespace, undo and redo logs replace the old ones', () => {
    const setup = setupWith({
      datadir,
      innodb_data_home_dir: '/x',
      innodb_undo_directory: '/x/',
      innodb_log_group_home_dir: '/y',
    });
    const host = hostWith({
      '/var/lib/mysql': [],
      '/x': ['ibdata1', 'undo001', 'undo002', 'notes'],
      '/y': ['ib_logfile0', 'ib_logfile1', 'error.log'],
      '/y.old': [],
    });
    expect(advise({ setup }, host)).toContain(
      [
        '  chown -R mysql:mysql /var/lib/mysql',
        '  # innodb_data_home_dir, innodb_undo_directory: the server looks for these files in /x, not in the data directory',
        '  mkdir /x.old && mv /x/ibdata1 /x/undo001 /x/undo002 /x.old/',
        '  mv /var/lib/mysql/ibdata1 /var/lib/mysql/undo001 /x/',
        '  # innodb_log_group_home_dir: the server looks for these files in /y, not in the data directory',
        '  mkdir /y.old2 && mv /y/ib_logfile0 /y/ib_logfile1 /y.old2/',
        '  mv /var/lib/mysql/ib_logfile0 /y/',
        '  systemctl start mariadb',
      ].join('\n'),
    );
  });

  it('are those of absolute names too, each in its folder, which is made where there is none', () => {
    const setup = setupWith({
      datadir,
      innodb_data_home_dir: '',
      innodb_data_file_path: '/a/ibdata1:12M;/b/ibdata2:50M:autoextend',
    });
    const text = advise({ setup, names: ['ibdata1', 'ibdata2'] });
    expect(text).toContain('  mkdir -p /a && chown mysql:mysql /a\n  mv /var/lib/mysql/ibdata1 /a/\n');
    expect(text).toContain('  mkdir -p /b && chown mysql:mysql /b\n  mv /var/lib/mysql/ibdata2 /b/\n');
  });

  it('are none where the options name the data directory', () => {
    const here = {
      innodb_undo_directory: './',
      innodb_log_group_home_dir: datadir,
      innodb_data_home_dir: '',
    };
    expect(advise({ setup: setupWith({ datadir, ...here, aria_log_dir_path: datadir }) })).not.toContain(
      'looks for',
    );
  });

  it('of the redo log of MySQL are in a folder', () => {
    const setup = setupWith({ datadir, innodb_log_group_home_dir: '/y' }, 'mysql');
    const text = advise({ setup, names: ['#innodb_redo'] }, hostWith({ '/y': ['#innodb_redo'] }));
    expect(text).toContain(
      "  mkdir /y.old && mv '/y/#innodb_redo' /y.old/\n  mv '/var/lib/mysql/#innodb_redo' /y/\n",
    );
  });

  it('of the binary logs are put aside, and found there for the replay', () => {
    const setup = setupWith({ datadir, log_bin_basename: '/var/log/mysql/mysql-bin' });
    const host = hostWith({ '/var/lib/mysql': [], '/var/log/mysql': ['mysql-bin.000001', 'error.log'] });
    const text = advise({ setup }, host);
    expect(text).toContain(
      '  mkdir -p /var/log/mysql.old && mv /var/log/mysql/mysql-bin.* /var/log/mysql.old/\n',
    );
    expect(oldLogsFolder(data({ setup }), host)).toBe('/var/log/mysql.old');
    const inside = setupWith({ datadir, log_bin_basename: '/var/lib/mysql/mysql-bin' });
    expect(advise({ setup: inside }, host)).not.toContain('mysql-bin');
    expect(oldLogsFolder(data({ setup: inside }), host)).toBe('/var/lib/mysql.old');
    expect(oldLogsFolder(data({ setup: inside, dst: '/var/lib/mysql' }), host)).toBeUndefined();
  });
});
