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

  it.each([
    ['mariadb', '10.11.19', /^CHANGE MASTER TO .*MASTER_USE_GTID=no/, 'START SLAVE'],
    ['oracle', '5.7.44', /^CHANGE MASTER TO (?!.*GTID)/, 'START SLAVE'],
    ['oracle', '8.4.3', /^CHANGE REPLICATION SOURCE TO/, 'START REPLICA'],
  ] as const)('replicates in the words of %s %s, the password last', (vendor, version, words, start) => {
    const { replication } = flavourOf(vendor, version);
    const source = { host: 'db1', port: 3306, user: 'repl', binlog: 'mysql-bin.000001', position: 4 };
    const { sql, values } = replication.changeSource(source);
    expect(sql).toMatch(words);
    expect(sql).toMatch(/_PASSWORD=\?$/);
    expect(sql.match(/\?/g)).toHaveLength(values.length + 1);
    expect(replication.start).toBe(start);
  });
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
