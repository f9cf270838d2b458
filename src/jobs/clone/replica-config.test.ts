import { expect, it } from 'vitest';
import { editConfigs } from './edit-my-cnf.ts';
import { foldersOf, requireOneFolder, settingsOfReplica } from './replica-config.ts';

const GROUPS = ['mysqld'];
const SAME = {
  serverId: 77,
  sourceDatadir: '/var/lib/mysql',
  datadir: '/var/lib/mysql',
  sourcePort: 3306,
  port: 3306,
  sourceAddress: '192.0.2.1',
  address: 'db2',
  galera: false,
};

const config = (text: string) => [
  { path: '/etc/my.cnf', text: `[mysqld]\n${text}`, mode: 0o644, owner: 'root:root' },
];

function edit(text: string, differences: Partial<typeof SAME>): string[] {
  const files = config(text);
  const edited = editConfigs(files, GROUPS, settingsOfReplica(files, GROUPS, { ...SAME, ...differences }));
  return (edited[0]?.text ?? '').split('\n').filter((line) => line !== '' && line !== '[mysqld]');
}

it('a replica differs from its source in its id only, where the hosts are alike', () => {
  const text = 'server_id=1\nport=3306\ndatadir=/var/lib/mysql\nbind_address=0.0.0.0\n';
  expect(edit(text, {})).toEqual([
    'server_id=77',
    'port=3306',
    'datadir=/var/lib/mysql',
    'bind_address=0.0.0.0',
  ]);
});

it('a replica has its data where its own host wants them, and with them whatever the source keeps beside its data', () => {
  const text = 'server_id=1\ndatadir=/var/lib/mysql\nlog_bin=/var/lib/mysql/bin\ntmpdir=/tmp\n';
  expect(edit(text, { datadir: '/srv/data' })).toEqual([
    'server_id=77',
    'datadir=/srv/data',
    'log_bin=/srv/data/bin',
    'tmpdir=/tmp',
  ]);
});

it('a replica has its own port and address', () => {
  const text = 'server_id=1\nport=3306\nbind-address = 192.0.2.1 # lan\nreport_host=192.0.2.1\n';
  expect(edit(text, { port: 3307 })).toEqual([
    'server_id=77',
    'port=3307',
    'bind-address = db2 # lan',
    'report_host=db2',
  ]);
});

it('a replica of a Galera node does not join the cluster', () => {
  const text =
    'server_id=1\nwsrep_on=ON\nwsrep_provider=/usr/lib/libgalera_smm.so\nwsrep_cluster_address=gcomm://a\n';
  expect(edit(text, { galera: true })).toEqual([
    'server_id=77',
    'wsrep_on=OFF',
    'wsrep_provider=none',
    'wsrep_cluster_address=gcomm://a',
  ]);
});

it('the folders that a server needs besides its data are those of its files, and temporary ones', () => {
  const files = config(
    'log_bin=/srv/binlog/bin\nlog_error="/var/log/mysql/error.log"\ntmpdir=/srv/tmp\nrelay_log=relay\n',
  );
  expect(foldersOf(files, GROUPS, '/var/lib/mysql')).toEqual(['/srv/binlog', '/var/log/mysql', '/srv/tmp']);
});

it('a source with InnoDB files outside of its data directory is refused', async () => {
  const variable = (value: string) => (name: string) =>
    Promise.resolve(name === 'innodb_log_group_home_dir' ? value : './');
  await requireOneFolder({ variable: variable('./') }, '/var/lib/mysql');
  await expect(requireOneFolder({ variable: variable('/ssd/redo') }, '/var/lib/mysql')).rejects.toThrow(
    '/ssd/redo',
  );
});
