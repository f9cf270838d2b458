import type { RunType } from './run-type.ts';
import type { WrittenCopy } from './writer.ts';

export const COPY_TYPES = ['full', 'incremental'] as const;

export type CopyType = (typeof COPY_TYPES)[number];

/** The one server of a host, among the sources of its copies; the others are directories. */
export const SERVER_SOURCE = 'mysql';

/** Who made the server, as the status names them (contract: status files). */
export const SERVER_VENDORS = ['oracle', 'percona', 'mariadb'] as const;

export type ServerVendor = (typeof SERVER_VENDORS)[number];

/** One configuration file of the server: its path, and its content in base64. */
export type SavedConfig = Readonly<Record<string, string>>;

/** A server that another one replicates from, and how far that one had come; all are empty where the account for backups might not know. */
export interface Upstream {
  /** The name of the connection; empty for the usual one. */
  readonly connection: string;
  readonly host: string;
  readonly port: string;
  /** Whom the replica logs in as there. */
  readonly user: string;
  readonly binlog: string;
  readonly position: string;
  /** What the copy holds, in GTIDs, where replication goes on by them: binlog and position are empty then. */
  readonly gtid: string;
  /** Who said how far: the server before the copy, which has gone on since, or the backup program, of the copy itself. */
  readonly toldBy: 'server' | 'program';
}

/** How a server was set up when a copy of it was made: what the steps after a restore go by. */
export interface ServerSetup {
  /** Global variables that tell where its files are and what it logs. */
  readonly settings: Readonly<Record<string, string>>;
  /** Its systemd unit, such as `mariadb@2`; undefined: none was found. */
  readonly unit: string | undefined;
  /** What it leaves out of its logs or does not apply, in the server's words: `Binlog_Do_DB`. */
  readonly filters: Readonly<Record<string, string>>;
  readonly upstreams: readonly Upstream[];
}

/** A backup copy of a MySQL server, as `HOST/status` records it. Times are in seconds since the epoch. */
export interface MysqlCopy extends WrittenCopy {
  /** Where it lies on the destination: `HOST/RUN_TYPE/mysql/NAME`. */
  readonly key: string;
  readonly host: string;
  readonly runType: RunType;
  readonly name: string;
  readonly type: CopyType;
  /** Key of the full copy that an incremental one continues. */
  readonly parent: string | undefined;
  /** The LSN up to which this copy holds the data; the next incremental copy starts there. */
  readonly lsn: number;
  /** Binlog coordinates of the copy; the Python tool cannot tell those of MariaDB. */
  readonly binlog: string | undefined;
  readonly position: number | undefined;
  readonly gtid: string | undefined;
  readonly backupStarted: number;
  readonly backupFinished: number;
  readonly galera: boolean;
  readonly wsrepProviderVersion: string | undefined;
  /** The server's configuration files, in the order in which it reads them. */
  readonly config: readonly SavedConfig[];
  readonly serverVendor: ServerVendor;
  /** What follows is not known of copies that the Python tool made. */
  readonly serverVersion: string | undefined;
  /** Tells this server from another one, or from itself after it was initialised anew. */
  readonly serverIdentity: string | undefined;
  /** Bytes of the object as it is stored. */
  readonly size: number | undefined;
  /** SHA-256 of the object as it is stored, in hex. */
  readonly sha256: string | undefined;
  /** Bytes that a full copy takes on a disk at least when it is unpacked: what the server's data took when it was made. */
  readonly unpackedSize: number | undefined;
  readonly serverSetup?: ServerSetup | undefined;
  /** The tables that were there before and after it was made, as `packTables` writes them. */
  readonly tables?: string | undefined;
  /** Suffixes of the transformations, in the order of their application. */
  readonly chain: readonly string[] | undefined;
}
