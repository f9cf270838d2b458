import { describe, expect, it } from 'vitest';
import { flavourOf, vendorOf } from './flavours.ts';

const statement = (version: string) => flavourOf('oracle', version).sql.binlogStatus;

describe('the flavour of a server', () => {
  it.each([
    ['mariadb', '10.3.39-MariaDB', 'mariadb-10'],
    ['mariadb', '10.11.19-MariaDB-0+deb12u1-log', 'mariadb-10'],
    ['mariadb', '11.8.3-MariaDB', 'mariadb-11'],
    ['mariadb', '12.0.2-MariaDB', 'mariadb-11'],
    ['oracle', '5.6.51', 'mysql-5.7'],
    ['percona', '5.7.44-48-log', 'mysql-5.7'],
    ['oracle', '8.0.40', 'mysql-8.0'],
    ['percona', '8.0.39-30', 'mysql-8.0'],
    ['oracle', '8.4.3', 'mysql-8.4'],
    ['oracle', '9.7.0', 'mysql-9'],
    ['mariadb', undefined, 'mariadb-10'],
    ['oracle', undefined, 'mysql-8.0'],
  ] as const)('%s %s is %s', (vendor, version, name) => {
    expect(flavourOf(vendor, version).name).toBe(name);
  });

  it.each([
    ['5.7.44', '2.4', 'percona-xtrabackup-24'],
    ['5.6.51', '2.4', 'percona-xtrabackup-24'],
    ['8.0.40', '8.0', 'percona-xtrabackup-80'],
    ['8.4.3', '8.4', 'percona-xtrabackup-84'],
    ['9.1.0', '9.1', 'percona-xtrabackup-91'],
  ])('MySQL %s needs XtraBackup %s, which is in %s', (version, series, name) => {
    expect(flavourOf('oracle', version)).toMatchObject({ toolSeries: series, package: name });
  });

  it('of unknown version is served by any series of the programs', () => {
    expect(flavourOf('oracle', undefined).toolSeries).toBeUndefined();
  });

  it('knows SHOW MASTER STATUS only where the server does', () => {
    expect(['5.7.44', '8.0.40', '8.3.0'].map(statement)).toEqual(Array(3).fill('SHOW MASTER STATUS'));
    expect(['8.4.3', '9.7.0'].map(statement)).toEqual(Array(2).fill('SHOW BINARY LOG STATUS'));
  });

  it('prepares the base of an incremental copy with --apply-log-only unless it is MariaDB', () => {
    expect(flavourOf('oracle', '8.0.40').prepareBaseOptions).toEqual(['--apply-log-only']);
    expect(flavourOf('mariadb', '10.11.19').prepareBaseOptions).toEqual([]);
  });

  const SOURCE = { host: 'db1', port: 3306, user: 'repl', binlog: 'mysql-bin.000001', position: 4 };
  const BY_POSITION = ['db1', 3306, 'repl', 'mysql-bin.000001', 4];
  const BY_GTID = ['db1', 3306, 'repl'];

  it.each([
    [
      'mariadb',
      '10.11.19',
      undefined,
      /^CHANGE MASTER TO .*MASTER_LOG_POS=\?.*MASTER_USE_GTID=no/,
      BY_POSITION,
    ],
    ['mariadb', '10.11.19', '0-1-6', /^CHANGE MASTER TO (?!.*LOG_).*MASTER_USE_GTID=slave_pos/, BY_GTID],
    ['oracle', '5.7.44', undefined, /^CHANGE MASTER TO (?!.*(GTID|AUTO_))/, BY_POSITION],
    ['percona', '8.0.39', 'a:1-6', /^CHANGE MASTER TO (?!.*LOG_).*MASTER_AUTO_POSITION=1/, BY_GTID],
    ['oracle', '8.4.3', undefined, /^CHANGE REPLICATION SOURCE TO .*SOURCE_LOG_POS=\?/, BY_POSITION],
    ['oracle', '9.7.0', 'a:1-6', /^CHANGE REPLICATION SOURCE TO .*SOURCE_AUTO_POSITION=1/, BY_GTID],
  ] as const)(
    'replicates in the words of %s %s from GTID %s, the password last',
    (vendor, version, gtid, words, expected) => {
      const { sql, values } = flavourOf(vendor, version).replication.changeSource({ ...SOURCE, gtid });
      expect(sql).toMatch(words);
      expect(sql).toMatch(/_PASSWORD=\?$/);
      expect(sql.match(/\?/g)).toHaveLength(values.length + 1);
      expect(values).toEqual(expected);
    },
  );

  it.each([
    ['mariadb', '11.8.3', ['SET GLOBAL gtid_slave_pos = ?'], 'STOP SLAVE', 'START SLAVE'],
    ['oracle', '8.0.40', ['RESET MASTER', 'SET GLOBAL gtid_purged = ?'], 'STOP SLAVE', 'START SLAVE'],
    [
      'oracle',
      '8.4.3',
      ['RESET BINARY LOGS AND GTIDS', 'SET GLOBAL gtid_purged = ?'],
      'STOP REPLICA',
      'START REPLICA',
    ],
  ] as const)(
    'takes over GTIDs, stops and starts in the words of %s %s',
    (vendor, version, adopting, stop, start) => {
      const { replication } = flavourOf(vendor, version);
      expect(replication.adoptGtid('x').map(({ sql }) => sql)).toEqual(adopting);
      expect([replication.stop, replication.start]).toEqual([stop, start]);
    },
  );
});

describe('the vendor of a server', () => {
  it.each([
    ['10.11.19-MariaDB-0+deb12u1-log', 'Debian 12', 'mariadb'],
    ['10.6.12', 'MariaDB Server', 'mariadb'],
    ['8.0.39-30', 'Percona Server (GPL), Release 30', 'percona'],
    ['8.0.36-28.1', 'Percona XtraDB Cluster (GPL)', 'percona'],
    ['8.4.3', 'MySQL Community Server - GPL', 'oracle'],
    ['8.0.40-0ubuntu0.22.04.1', '(Ubuntu)', 'oracle'],
  ])('of %s (%s) is %s', (version, comment, vendor) => {
    expect(vendorOf(version, comment)).toBe(vendor);
  });
});
