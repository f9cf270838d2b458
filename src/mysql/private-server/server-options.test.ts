import { describe, expect, it } from 'vitest';
import type { SavedConfig } from '../../copies/mysql-copy.ts';
import { originOptions, serverArguments } from './server-options.ts';

const FILES = {
  socket: '/r/s',
  pidFile: '/r/pid',
  errorLog: '/r/error.log',
  temporary: '/r/tmp',
  initFile: '/r/init.sql',
  optionFile: '/r/my.cnf',
};

const saved = (content: string): SavedConfig[] => [
  { '/etc/my.cnf': Buffer.from(content).toString('base64') },
];

const argumentsOf = (more: Partial<Parameters<typeof serverArguments>[0]> = {}) =>
  serverArguments({
    family: 'mariadb',
    purpose: 'check',
    datadir: '/d',
    files: FILES,
    memory: 1 << 30,
    ...more,
  });

const optionsOf = (more: Partial<Parameters<typeof originOptions>[0]>) =>
  originOptions({ backupMyCnf: '', setup: undefined, config: [], ...more }).split('\n');

describe('the arguments of a private server', () => {
  it.each(['mariadb', 'mysql'] as const)('let nobody in, and do nothing by themselves: %s', (family) => {
    const args = argumentsOf({ family });
    expect(args[0]).toBe('--defaults-file=/r/my.cnf');
    expect(args).toEqual(
      expect.arrayContaining([
        '--skip-networking',
        '--skip-log-bin',
        '--event-scheduler=OFF',
        '--secure-file-priv=/r/tmp',
        '--local-infile=0',
      ]),
    );
  });

  it('take what decides how the data are read from the copy, before what the old server says, and nothing else', () => {
    const options = optionsOf({
      backupMyCnf:
        '[mysqld]\ninnodb_page_size=4096\ninnodb_data_file_path=/x/ibdata1:12M:autoextend\nplugin_dir=/evil\ninit_file=/evil\nplugin_load=../evil.so\n',
      config: saved(
        '[mysqld]\ninnodb-page-size = 16384\nlower_case_table_names=1\nplugin_load_add=file_key_management\nfile_key_management_filekey="a # b"\ndatadir=/srv\ngeneral_log_file=/etc/cron.d/x\n[mysqld2]\ninnodb_undo_tablespaces=9\n[client]\nserver_id=3\n',
      ),
    });
    expect(options).toEqual([
      '[mysqld]',
      'plugin-load-add=file_key_management',
      'loose-innodb-page-size=4096',
      'loose-lower-case-table-names=1',
      'loose-file-key-management-filekey="a # b"',
      'loose-innodb-data-file-path=ibdata1:12M:autoextend',
      '',
    ]);
  });

  it('let MySQL take transactions with GTIDs and without', () => {
    expect(argumentsOf({ family: 'mysql' })).toEqual(
      expect.arrayContaining(['--gtid-mode=ON_PERMISSIVE', '--enforce-gtid-consistency=OFF']),
    );
  });

  it('take the case of names as it was recorded', () => {
    const setup = { settings: { lower_case_table_names: '2' }, unit: undefined, filters: {}, upstreams: [] };
    expect(optionsOf({ setup })).toContain('loose-lower-case-table-names=2');
  });

  it('take what gives statements their meaning as it was recorded, where it is a plain word', () => {
    const settings = {
      default_storage_engine: 'MyISAM',
      innodb_strict_mode: 'OFF',
      group_concat_max_len: '9\nplugin_dir=/x',
    };
    const setup = { settings, unit: undefined, filters: {}, upstreams: [] };
    expect(optionsOf({ setup })).toEqual([
      '[mysqld]',
      'loose-default-storage-engine=MyISAM',
      'loose-innodb-strict-mode=OFF',
      '',
    ]);
  });

  it('let clients of a replay send files, which needs memory', () => {
    expect(argumentsOf({ purpose: 'replay' })).toEqual(
      expect.arrayContaining(['--local-infile=1', '--innodb-buffer-pool-size=1073741824']),
    );
  });
});
