import type { CompressorName } from '../compression/compressors.ts';
import type { RunType } from '../copies/run-type.ts';
import type { DestinationConfig } from '../destinations/drivers.ts';
import type { ExportConfig } from './exporters.ts';
import type { HooksConfig } from './hooks.ts';
import type { MaxAges } from './kinds.ts';
import type { LimitsConfig } from './limits.ts';
import type { NotifyConfig } from './notify.ts';
import type { StreamConfig } from './stream.ts';

export type { DestinationConfig } from '../destinations/drivers.ts';
export type { S3Config } from '../destinations/s3/config.ts';
export type { SshConfig } from '../destinations/ssh/config.ts';

/** The configuration file, parsed once into typed values. Defaults are filled in; `undefined` means "not configured". */
export interface Config {
  /** Path of the file this was read from. */
  readonly file: string;
  /** What replaces the name and the ID of this machine in keys and statuses; absent: nothing does. */
  readonly hostName: string | undefined;
  readonly source: SourceConfig;
  readonly destination: DestinationConfig;
  /** Whether a destination that has lost the copies of this host gets no more. */
  readonly mustExist: boolean;
  /** Folder that gets the stream before encryption; absent: no local copy is kept. */
  readonly keepLocalPath: string | undefined;
  readonly compression: CompressionConfig;
  readonly gpg: GpgConfig | undefined;
  readonly integrity: IntegrityConfig;
  readonly mysql: MysqlConfig | undefined;
  readonly stream: StreamConfig;
  readonly limits: LimitsConfig;
  readonly retention: RetentionCounts;
  readonly retentionLocal: RetentionCounts;
  /** Nothing is to be deleted from the destination: these credentials may not, and others see to it. */
  readonly appendOnly: boolean;
  /** Whether the copies from before a source shrank expire as all do. */
  readonly trustShrinking: boolean;
  /** Whether a run of this type does anything at all. */
  readonly intervals: Readonly<Record<RunType, boolean>>;
  /** How old the newest copies may be before `check` fails; absent: any age. */
  readonly maxAges: MaxAges | undefined;
  readonly export: ExportConfig | undefined;
  readonly notify: NotifyConfig | undefined;
  readonly hooks: HooksConfig;
  /** File that keeps start, finish and duration of the last runs. */
  readonly measuresLog: string;
  /** File that gets the structured log; absent: there is none. */
  readonly logFile: string | undefined;
}

export interface SourceConfig {
  /** Absolute paths without a trailing slash (except `/` itself), in the order of the file. */
  readonly backupDirs: readonly string[];
  /** The run types that back up the directories. */
  readonly runTypes: readonly RunType[];
  /** Patterns of tar that name what to leave out. */
  readonly exclude: readonly string[];
  /** Whether what is mounted below a directory is left out. */
  readonly oneFileSystem: boolean;
  readonly backupMysql: boolean;
  /** Extra arguments for tar, already split into words. */
  readonly tarOptions: readonly string[];
}

export interface CompressionConfig {
  readonly program: CompressorName;
  /** Threads to compress with; absent: all cores. */
  readonly threads: number | undefined;
  /** Absent: the program's row has what counts. */
  readonly level: number | undefined;
}

export interface GpgConfig {
  readonly recipient: string;
  /** Public keyring to encrypt with; absent: the default GnuPG home's. */
  readonly keyring: string | undefined;
  /** Secret keyring to decrypt with; absent: the default GnuPG home's. */
  readonly secretKeyring: string | undefined;
}

export interface IntegrityConfig {
  /** Path of the file with the keys that sign what the status says of copies. */
  readonly keyFile: string;
  /** Whether a copy that cannot be proven to be one of this machine's is refused. */
  readonly require: boolean;
}

export interface MysqlConfig {
  readonly defaultsFile: string;
  /** The most frequent run type that takes a full copy. */
  readonly fullBackup: RunType;
  readonly expireLogDays: number;
  /** Whether a replica applies nothing while it is copied. */
  readonly safeSlaveBackup: boolean;
  readonly xtrabackupBinary: string | undefined;
  /** How hard a copy works the disks; undefined: as the backup program does by itself. */
  readonly pace: {
    /** Threads. */
    readonly parallel: number | undefined;
    /** Operations a second; of which kind, the program says. */
    readonly throttle: number | undefined;
  };
}

/** How many copies of each run type to keep. */
export type RetentionCounts = Readonly<Record<RunType, number>>;
