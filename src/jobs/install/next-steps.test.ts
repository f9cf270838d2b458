import { describe, expect, it } from 'vitest';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import { flavourOf } from '../../mysql/flavours.ts';
import { blankSecrets } from '../../mysql/server/blank-secrets.ts';
import type { InstallHost } from './install-host.ts';
import { printSteps } from './next-steps.ts';
import { planInstall } from './plan-install.ts';

const NOW = new Date('2026-11-27T05:06:07.890Z');
const DATE = '2026-11-27T05-06-07Z';

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

/** A host with these folders and what is in them; the data directories are of mysql, as packages make them. */
const hostWith = (
  folders: Readonly<Record<string, readonly string[]>>,
  more: Partial<InstallHost> = {},
): InstallHost => {
  const exists = (path: string) => ['/', '/var/lib', '/srv', ...Object.keys(folders)].includes(path);
  return {
    exists,
    list: (folder) => folders[folder] ?? [],
    isMountPoint: () => false,
    realPath: (path) => path,
    ownershipOf: (path) => (exists(path) ? { owner: 'mysql:mysql', uid: 105, mode: 0o755 } : undefined),
    hasLabels: false,
    ...more,
  };
};
const usual = hostWith({ '/var/lib/mysql': ['ibdata1'], '/srv/mysql': [] });

const planFor = (more: Partial<RestoredData>, host = usual) => planInstall(data(more), host, NOW);
const advise = (more: Partial<RestoredData>, host = usual) =>
  printSteps(data(more), planFor(more, host)).join('\n');

const setupWith = (settings: Readonly<Record<string, string>>, unit?: string) => ({
  settings,
  unit,
  filters: {},
  upstreams: [],
});

/** The printed commands without their indentation. */
const commands = (more: Partial<RestoredData>, host?: InstallHost) =>
  advise(more, host)
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .map((line) => line.slice(2));

describe('the steps after a restore', () => {
  it('are these on a host as the packages leave it', () => {
    const config = [save('/etc/my.cnf', '[mysqld]\n')];
    const names = ['ibdata1', 'mysql', '.twindb-config@etc@my.cnf', '.twindb-restored'];
    expect(advise({ config, names })).toBe(`\
The data of MariaDB 10.11 are in /restore. To use them:
  systemctl stop mariadb
  mkdir -p -m 700 /var/lib/mysql.before-restore-${DATE}
  mv -T /var/lib/mysql /var/lib/mysql.before-restore-${DATE}/data
  mv -T /restore /var/lib/mysql
  mkdir -p -m 700 /var/lib/mysql.before-restore-${DATE}/config
  mv -n -t /var/lib/mysql.before-restore-${DATE}/config /var/lib/mysql/.twindb-config@etc@my.cnf /var/lib/mysql/.twindb-restored
  chown -hR mysql:mysql /var/lib/mysql
  chmod 755 /var/lib/mysql
  systemctl start mariadb
The server's configuration files as they were are then /var/lib/mysql.before-restore-${DATE}/config/.twindb-config@*, with @ for each slash.`);
  });

  it("name the server's own unit: mariadb or mysql", () => {
    expect(advise({})).toContain('systemctl start mariadb');
    expect(advise({ flavour: flavourOf('oracle', '8.4.2') })).toContain('systemctl start mysql');
  });

  it('say when passwords were left out of the configuration files', () => {
    const config = [save('/etc/my.cnf', '[mysqld]\npassword=x\n')];
    expect(advise({ config })).not.toContain('Passwords');
    expect(advise({ config: blankSecrets(config) })).toContain('Passwords in them are left out');
  });

  it('tell innodb_log_file_size where the server must be told it, and only there', () => {
    for (const version of ['5.7.44', '8.0.36'])
      expect(advise({ flavour: flavourOf('percona', version) })).toContain('innodb_log_file_size=50331648');
    for (const flavour of [flavourOf('mariadb', '10.11'), flavourOf('oracle', '8.4.0')])
      expect(advise({ flavour })).not.toContain('innodb_log_file_size');
  });

  it('say how a cluster is started again, of Galera nodes only', () => {
    expect(advise({ galera: true })).toContain('galera_new_cluster');
    expect(advise({})).not.toContain('galera');
  });

  it('quote paths as a shell wants them', () => {
    expect(advise({ dst: '/a\n\x1b[2J' })).toContain("mv -T $'/a\\n\\u001b[2J' /var/lib/mysql");
    expect(advise({ dst: "/my restore/it's" })).toContain("mv -T '/my restore/it'\\''s' /var/lib/mysql");
  });

  it('set the SELinux labels where files have some, of folders outside too', () => {
    const folders = { '/var/lib/mysql': ['ibdata1'], '/y': ['ib_logfile0'] };
    const setup = setupWith({ datadir: '/var/lib/mysql/', innodb_log_group_home_dir: '/y' });
    const steps = commands({ setup }, hostWith(folders, { hasLabels: true }));
    expect(steps.slice(-3)).toEqual([
      'restorecon -R /var/lib/mysql',
      'restorecon -R /y',
      'systemctl start mariadb',
    ]);
    expect(advise({ setup }, hostWith(folders))).not.toContain('restorecon');
  });
});

describe('the data directory that the steps name', () => {
  const moved = (more: Partial<RestoredData>, host?: InstallHost) => planFor(more, host).datadir;

  it('is the one that was recorded, not what configuration files say', () => {
    const config = [save('/etc/my.cnf', '[mysqld]\ndatadir=/other\n')];
    expect(moved({ config, setup: setupWith({ datadir: '/srv/mysql/' }) })).toBe('/srv/mysql');
  });

  it('is, without a record, the last one that the saved configuration names for a single server', () => {
    const first = save('/etc/my.cnf', '[mysqld]\ndatadir=/first\n[mysqld2]\ndatadir=/srv/mysql2\n');
    expect(moved({ config: [first] })).toBe('/first');
    const second = save('/etc/my.cnf.d/x', '[mysqld]\n  datadir = "/srv/my sql/"\n');
    expect(moved({ config: [first, second] })).toBe('/srv/my sql');
    expect(advise({ config: [first, second] })).toContain("mv -T /restore '/srv/my sql'");
  });

  it('is never the root of all files, which the steps would move and give to mysql', () => {
    for (const root of ['/', '//', '/srv/..']) {
      expect(moved({ config: [save('/etc/my.cnf', `[mysqld]\ndatadir=${root}\n`)] })).toBe('/var/lib/mysql');
      expect(moved({ setup: setupWith({ datadir: root }) })).toBe('/var/lib/mysql');
    }
  });

  it('is the usual one when it names none, or none that is absolute', () => {
    expect(moved({})).toBe('/var/lib/mysql');
    expect(moved({ config: [save('/etc/my.cnf', '#datadir=/x\n[mysqld]\ndatadir=.\n')] })).toBe(
      '/var/lib/mysql',
    );
  });

  it('moves to a name that is not taken', () => {
    const host = hostWith({ '/var/lib/mysql': [], [`/var/lib/mysql.before-restore-${DATE}`]: [] });
    expect(planFor({}, host).date).toBe('2026-11-27T05-06-08Z');
  });

  it('is made where there is none, with the folder that it is in', () => {
    expect(commands({ setup: setupWith({ datadir: '/a/b' }) }, hostWith({})).slice(2, 5)).toEqual([
      'mkdir -p /a',
      'mv -T /restore /a/b',
      'chown -hR mysql:mysql /a/b',
    ]);
  });

  it('belongs to the account that it belonged to, with the mode that it had; root has it only by mistake', () => {
    const ownedBy = (uid: number, owner: string) =>
      hostWith({ '/var/lib/mysql': [] }, { ownershipOf: () => ({ uid, owner, mode: 0o2750 }) });
    expect(advise({}, ownedBy(999, 'db:dba'))).toContain(
      '  chown -hR db:dba /var/lib/mysql\n  chmod 2750 /var/lib/mysql\n',
    );
    expect(advise({}, ownedBy(0, 'root:root'))).toContain('  chown -hR mysql:mysql /var/lib/mysql\n');
  });

  it('stays when the data have been restored into it', () => {
    const text = advise({ dst: '/var/lib/mysql' });
    expect(text).toContain('in /var/lib/mysql, the data directory of their server');
    expect(text).not.toMatch(/ {2}mv /);
    expect(text).toContain('\n  chown -hR mysql:mysql /var/lib/mysql\n');
    expect(text).not.toContain('chmod');
  });

  it('is emptied and filled where it is a mount point, which cannot be moved', () => {
    const host = hostWith(
      { '/var/lib/mysql': ['ibdata1'] },
      { isMountPoint: (path) => path === '/var/lib/mysql' },
    );
    const place = `/var/lib/mysql.before-restore-${DATE}`;
    expect(commands({ names: ['ibdata1', 'shop'] }, host).slice(2, 6)).toEqual([
      `mkdir -p -m 700 ${place}/data`,
      `find /var/lib/mysql -mindepth 1 -maxdepth 1 ! -name lost+found -exec mv -n -t ${place}/data {} +`,
      'mkdir -p -m 700 /var/lib/mysql',
      'mv -n -t /var/lib/mysql /restore/ibdata1 /restore/shop',
    ]);
  });

  it('is filled from a folder that is a mount point, or that it is in itself', () => {
    const host = hostWith({ '/var/lib/mysql': [] }, { isMountPoint: (path) => path === '/restore' });
    expect(advise({ names: ['ibdata1'] }, host)).toContain(
      '  mkdir -p -m 700 /var/lib/mysql\n  mv -n -t /var/lib/mysql /restore/ibdata1\n',
    );
    const below = advise(
      { names: ['ibdata1'], setup: setupWith({ datadir: '/restore/data' }) },
      hostWith({ '/restore': [] }),
    );
    expect(below).toContain('  mkdir -p -m 700 /restore/data\n  mv -n -t /restore/data /restore/ibdata1\n');
  });

  it('takes data along that were restored below it', () => {
    expect(advise({ dst: '/var/lib/mysql/new' })).toContain(
      `  mv -T /var/lib/mysql.before-restore-${DATE}/data/new /var/lib/mysql\n`,
    );
  });

  it('is the folder itself where it is a link', () => {
    const realPath = (path: string) => (path === '/var/lib/mysql' ? '/srv/mysql' : path);
    const host = { ...usual, realPath };
    expect(advise({}, host)).toContain(`  mv -T /srv/mysql /srv/mysql.before-restore-${DATE}/data\n`);
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
  const place = `/var/lib/mysql.before-restore-${DATE}`;

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
    });
    expect(advise({ setup }, host)).toContain(
      [
        '  chmod 755 /var/lib/mysql',
        '  # innodb_data_home_dir, innodb_undo_directory: the server looks for these files in /x, not in the data directory',
        `  mkdir -p -m 700 ${place}/outside/x`,
        `  mv -n -t ${place}/outside/x /x/ibdata1 /x/undo001 /x/undo002`,
        '  mv -n -t /x /var/lib/mysql/ibdata1 /var/lib/mysql/undo001',
        '  # innodb_log_group_home_dir: the server looks for these files in /y, not in the data directory',
        `  mkdir -p -m 700 ${place}/outside/y`,
        `  mv -n -t ${place}/outside/y /y/ib_logfile0 /y/ib_logfile1`,
        '  mv -n -t /y /var/lib/mysql/ib_logfile0',
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
    expect(text).toContain('  mkdir -p /a && chown mysql:mysql /a\n  mv -n -t /a /var/lib/mysql/ibdata1\n');
    expect(text).toContain('  mkdir -p /b && chown mysql:mysql /b\n  mv -n -t /b /var/lib/mysql/ibdata2\n');
  });

  it('are in a folder below the data directory again, which has been moved with it', () => {
    const setup = setupWith({ datadir, innodb_undo_directory: './undo' });
    const host = hostWith({ '/var/lib/mysql': ['undo'], '/var/lib/mysql/undo': ['undo001'] });
    expect(advise({ setup, names: ['undo001'] }, host)).toContain(
      '  mkdir -p /var/lib/mysql/undo && chown mysql:mysql /var/lib/mysql/undo\n  mv -n -t /var/lib/mysql/undo /var/lib/mysql/undo001\n',
    );
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
      `  mv -n -t ${place}/outside/y '/y/#innodb_redo'\n  mv -n -t /y '/var/lib/mysql/#innodb_redo'\n`,
    );
  });

  it('of the binary logs are put aside, and found there for the replay', () => {
    const setup = setupWith({ datadir, log_bin_basename: '/var/log/mysql/mysql-bin' });
    const host = hostWith({ '/var/lib/mysql': [], '/var/log/mysql': ['mysql-bin.000001', 'error.log'] });
    expect(advise({ setup }, host)).toContain(
      `  mv -n -t ${place}/outside/var/log/mysql /var/log/mysql/mysql-bin.*\n`,
    );
    expect(planFor({ setup }, host).oldLogs).toBe(`${place}/outside/var/log/mysql`);
    const inside = setupWith({ datadir, log_bin_basename: '/var/lib/mysql/mysql-bin' });
    expect(advise({ setup: inside }, host)).not.toContain('mysql-bin');
    expect(planFor({ setup: inside }, host).oldLogs).toBe(`${place}/data`);
    expect(planFor({ setup: inside, dst: '/var/lib/mysql' }, host).oldLogs).toBeUndefined();
  });
});
