import { SERVER_VENDORS, type ServerVendor } from '../copies/mysql-copy.ts';
import {
  MARIADB_SYNTAX,
  MASTER_SYNTAX,
  type ReplicationSyntax,
  SOURCE_SYNTAX,
} from './replication-syntax.ts';

/** A kind of server, as far as backups are concerned. */
export const FLAVOURS = [
  'mariadb-10',
  'mariadb-11',
  'mysql-5.7',
  'mysql-8.0',
  'mysql-8.4',
  'mysql-9',
] as const;

export type FlavourName = (typeof FLAVOURS)[number];

/** All that differs between kinds of servers. */
interface FlavourRow {
  /** mariabackup serves MariaDB only, xtrabackup all others only. */
  readonly family: 'mariadb' | 'mysql';
  /** Programs that take and prepare copies, the preferred one first. */
  readonly backupPrograms: readonly string[];
  /** Programs that unpack copies, likewise. */
  readonly streamPrograms: readonly string[];
  /** Client programs that read binary logs from the server, the preferred one first, and their package. */
  readonly binlogPrograms: readonly [string, ...string[]];
  /** Client programs that send statements to the server, the preferred one first. */
  readonly clientPrograms: readonly [string, ...string[]];
  /** Programs that print tables as SQL, the preferred one first. */
  readonly dumpPrograms: readonly [string, ...string[]];
  readonly clientPackage: string;
  /** Server programs, the preferred one first, and their package; /usr/sbin is not in everybody's PATH. */
  readonly serverPrograms: readonly string[];
  readonly serverPackage: string;
  /** The package that holds the programs for copies. */
  readonly package: (series: string) => string;
  /** The one series of XtraBackup that serves a series of servers; undefined: no such rule. */
  readonly toolSeries: (series: string) => string | undefined;
  /** More options of --backup on a Galera node. */
  readonly galeraOptions: readonly string[];
  /** More options of --prepare for the base of an incremental copy. */
  readonly prepareBaseOptions: readonly string[];
  /** What the backup program calls its files; in any one copy there is one of each row at most. */
  readonly files: {
    readonly checkpoints: readonly string[];
    readonly info: readonly string[];
    readonly binlogInfo: readonly string[];
    readonly galeraInfo: readonly string[];
  };
  readonly sql: {
    /** Tells name and position of the binary log being written: columns File and Position. */
    readonly binlogStatus: string;
    /** The table of information_schema with one row for each file of InnoDB. */
    readonly tablespaces: string;
    /** After this query that table is complete; undefined where it always is. */
    readonly opensTablespaces: string | undefined;
    /** The table there with one row for each table of InnoDB, or part of one. */
    readonly innodbTables: string;
    /** Where the definitions of tables are: in files of their own, which can be lost, or in a dictionary. */
    readonly definesTables: 'files' | 'dictionary';
  };
  readonly replication: ReplicationSyntax;
  /** The name of the server's systemd unit. */
  readonly service: string;
}

const XTRABACKUP_FILES = {
  checkpoints: ['xtrabackup_checkpoints'],
  info: ['xtrabackup_info'],
  binlogInfo: ['xtrabackup_binlog_info'],
  galeraInfo: ['xtrabackup_galera_info'],
};

/** Source: MDEV-18931, in 11.1. Either name is looked for, as 11.0 still writes the old ones. */
const MARIADB_11_FILES = {
  checkpoints: ['mariadb_backup_checkpoints', ...XTRABACKUP_FILES.checkpoints],
  info: ['mariadb_backup_info', ...XTRABACKUP_FILES.info],
  binlogInfo: ['mariadb_backup_binlog_info', ...XTRABACKUP_FILES.binlogInfo],
  galeraInfo: ['mariadb_backup_galera_info', ...XTRABACKUP_FILES.galeraInfo, 'donor_galera_info'],
};

const MARIADB_10: FlavourRow = {
  family: 'mariadb',
  backupPrograms: ['mariabackup', 'mariadb-backup'],
  streamPrograms: ['mbstream'],
  // The new name came with 10.4.
  binlogPrograms: ['mariadb-binlog', 'mysqlbinlog'],
  clientPrograms: ['mariadb', 'mysql'],
  dumpPrograms: ['mariadb-dump', 'mysqldump'],
  clientPackage: 'mariadb-client',
  serverPrograms: ['mariadbd', '/usr/sbin/mariadbd', 'mysqld', '/usr/sbin/mysqld'],
  serverPackage: 'mariadb-server',
  package: () => 'mariadb-backup',
  toolSeries: () => undefined,
  galeraOptions: ['--galera-info'],
  prepareBaseOptions: [],
  files: { ...XTRABACKUP_FILES, galeraInfo: [...XTRABACKUP_FILES.galeraInfo, 'donor_galera_info'] },
  sql: {
    binlogStatus: 'SHOW MASTER STATUS',
    tablespaces: 'INNODB_SYS_TABLESPACES',
    // The statistics of a table are read from its file.
    opensTablespaces: 'SELECT COUNT(*) FROM information_schema.INNODB_SYS_TABLESTATS',
    innodbTables: 'INNODB_SYS_TABLES',
    definesTables: 'files',
  },
  replication: MARIADB_SYNTAX,
  service: 'mariadb',
};

const MYSQL_57: FlavourRow = {
  family: 'mysql',
  backupPrograms: ['xtrabackup'],
  streamPrograms: ['xbstream'],
  binlogPrograms: ['mysqlbinlog'],
  clientPrograms: ['mysql'],
  dumpPrograms: ['mysqldump'],
  clientPackage: 'mysql-client',
  serverPrograms: ['mysqld', '/usr/sbin/mysqld'],
  serverPackage: 'mysql-server',
  package: () => 'percona-xtrabackup-24',
  toolSeries: () => '2.4',
  // With backup locks no galera info is written. Source: the option reference of XtraBackup.
  galeraOptions: ['--galera-info', '--no-backup-locks'],
  prepareBaseOptions: ['--apply-log-only'],
  files: XTRABACKUP_FILES,
  sql: {
    binlogStatus: 'SHOW MASTER STATUS',
    tablespaces: 'INNODB_SYS_TABLESPACES',
    opensTablespaces: undefined,
    innodbTables: 'INNODB_SYS_TABLES',
    definesTables: 'files',
  },
  replication: MASTER_SYNTAX,
  service: 'mysql',
};

const MYSQL_80: FlavourRow = {
  ...MYSQL_57,
  package: (series) => `percona-xtrabackup-${series.replace('.', '')}`,
  toolSeries: (series) => series,
  sql: {
    binlogStatus: 'SHOW MASTER STATUS',
    tablespaces: 'INNODB_TABLESPACES',
    opensTablespaces: undefined,
    innodbTables: 'INNODB_TABLES',
    definesTables: 'dictionary',
  },
};

/** 8.4 has neither SHOW MASTER STATUS nor CHANGE MASTER TO. */
const MYSQL_84: FlavourRow = {
  ...MYSQL_80,
  sql: { ...MYSQL_80.sql, binlogStatus: 'SHOW BINARY LOG STATUS' },
  replication: SOURCE_SYNTAX,
};

/** Every name that any version of the programs gives to its files: for a copy of which nothing else is known. */
export const ANY_FILES: FlavourRow['files'] = MARIADB_11_FILES;

const ROWS = {
  'mariadb-10': MARIADB_10,
  'mariadb-11': {
    ...MARIADB_10,
    backupPrograms: ['mariadb-backup', 'mariabackup'],
    streamPrograms: ['mbstream'],
    files: MARIADB_11_FILES,
  },
  'mysql-5.7': MYSQL_57,
  'mysql-8.0': MYSQL_80,
  'mysql-8.4': MYSQL_84,
  'mysql-9': MYSQL_84,
} as const satisfies Record<FlavourName, FlavourRow>;

/** What is special about one server: a row of the table, with its version filled in. */
export interface Flavour extends Omit<FlavourRow, 'package' | 'toolSeries'> {
  readonly name: FlavourName;
  /** What the operator calls it: `MariaDB 10.11`, or only `MySQL` when the version is unknown. */
  readonly title: string;
  /** The Debian or Percona package with the programs. */
  readonly package: string;
  /** The series of XtraBackup that is needed, such as `8.0`; undefined: any. */
  readonly toolSeries: string | undefined;
}

const TITLES: Readonly<Record<ServerVendor, string>> = {
  mariadb: 'MariaDB',
  percona: 'Percona Server',
  oracle: 'MySQL',
};

/**
 * The flavour of a server, or of the server that a copy was made from. `version` starts as @@version does; undefined
 * when a status does not tell it, and then any series of the programs will do.
 */
export function flavourOf(vendor: ServerVendor, version: string | undefined): Flavour {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  const series = major === undefined || minor === undefined ? undefined : `${major}.${minor}`;
  const name = vendor === 'mariadb' ? mariadbRow(Number(major)) : mysqlRow(Number(major), Number(minor));
  const row: FlavourRow = ROWS[name];
  return {
    ...row,
    name,
    title: series === undefined ? TITLES[vendor] : `${TITLES[vendor]} ${series}`,
    package: row.package(series ?? '8.0'),
    toolSeries: series === undefined ? undefined : row.toolSeries(series),
  };
}

/** The flavour that has this title; undefined: none has. */
export function flavourByTitle(title: string): Flavour | undefined {
  const [, maker, series] = /^(\D+?)(?: (\d+\.\d+))?$/.exec(title) ?? [];
  const vendor = SERVER_VENDORS.find((each) => TITLES[each] === maker);
  return vendor && flavourOf(vendor, series);
}

function mariadbRow(major: number): FlavourName {
  return major >= 11 ? 'mariadb-11' : 'mariadb-10';
}

/** An unknown version (NaN) gets the row in the middle. */
function mysqlRow(major: number, minor: number): FlavourName {
  if (major < 8) return 'mysql-5.7';
  if (major >= 9) return 'mysql-9';
  return minor >= 4 ? 'mysql-8.4' : 'mysql-8.0';
}

/** Tells the maker of a server from `@@version` and, where it is known, `@@version_comment`. */
export function vendorOf(version: string, comment = ''): ServerVendor {
  if (/mariadb/i.test(version) || /mariadb/i.test(comment)) return 'mariadb';
  return /percona/i.test(comment) ? 'percona' : 'oracle';
}
