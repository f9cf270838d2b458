import { COMPRESSOR_NAMES, COMPRESSORS } from '../compression/compressors.ts';
import { RUN_TYPE_TABLE, RUN_TYPES, type RunType } from '../copies/run-type.ts';
import { DESTINATION_KINDS, type DestinationKind, DRIVERS } from '../destinations/drivers.ts';
import { EXPORTERS, TRANSPORTS } from './exporters.ts';
import { HOOK_OPTIONS } from './hooks.ts';
import {
  absolutePath,
  hostName,
  listWords,
  maxAges,
  oneOf,
  path,
  runTypes,
  text,
  wholeNumber,
  words,
  yesNo,
} from './kinds.ts';
import { LIMITS_OPTIONS } from './limits.ts';
import { NOTIFY_OPTIONS } from './notify.ts';
import { type Option, type OptionRows, option, type ValueOf } from './option.ts';
import { STREAM_OPTIONS } from './stream.ts';

/** The section of each destination. */
const DRIVER_OPTIONS = Object.fromEntries(
  Object.entries(DRIVERS).map(([kind, { options }]) => [kind, options]),
) as { [K in DestinationKind]: (typeof DRIVERS)[K]['options'] };

/** Destinations of the Python tool that are not supported yet: whatever is in their sections is ignored. */
export const IGNORED_SECTIONS = ['az', 'gcs'] as const;

const count = wholeNumber(0);

/** The option [compression] level: gzip's range, and the programs that differ from it. */
function levelOption() {
  const usual = COMPRESSORS.gzip.levels;
  const rows = COMPRESSOR_NAMES.map((name) => ({ name, ...COMPRESSORS[name].levels }));
  const others = rows
    .filter(({ max }) => max !== usual.max)
    .map(({ name, max }) => `, or to ${max} with ${name}`);
  const own = rows
    .filter(({ fallback }) => fallback === undefined)
    .map(({ name }) => `, with ${name} its own default`);
  const highest = Math.max(...rows.map(({ max }) => max));
  return option(
    wholeNumber(1, highest, [`a whole number from 1 to ${usual.max}`, ...others].join('')),
    undefined,
    [
      `Compression level, 1 (fast) to ${usual.max} (small)`,
      ...others,
      `; absent: ${usual.fallback}`,
      ...own,
      '.',
    ].join(''),
  );
}

/** An option for each run type. */
function perRunType<N extends string, T>(
  nameOf: (runType: RunType) => N,
  rowOf: (runType: RunType) => Option<T, string>,
): Readonly<Record<N, Option<T, string>>> {
  const rows = RUN_TYPES.map((runType) => [nameOf(runType), rowOf(runType)] as const);
  return Object.fromEntries(rows) as Record<N, Option<T, string>>;
}

function retentionOptions(where: string) {
  return perRunType(
    (runType) => `${runType}_copies` as const,
    (runType) =>
      option(count, String(RUN_TYPE_TABLE[runType].copies), `How many ${runType} copies to keep ${where}.`),
  );
}

/** The options of all exporters; each is read by its own row. */
function exportOptions(): OptionRows {
  return Object.assign({}, ...TRANSPORTS.map((transport) => EXPORTERS[transport].options)) as OptionRows;
}

/** Every section and option there is, in the spelling of the documentation: section -> option -> row. */
export const SCHEMA = {
  source: {
    backup_dirs: option(
      words,
      '',
      'Directories to back up: absolute paths, separated by blanks; quotes protect blanks in a path.',
    ),
    run_types: option(
      runTypes,
      RUN_TYPES.join(' '),
      'The run types that back up the directories; each of their copies is a complete archive. The server has `[mysql] full_backup`.',
    ),
    exclude: option(
      words,
      '',
      'Patterns of files and folders to leave out, quoted as in a shell: a name such as `*.o` anywhere, or an absolute path; `*` also stands for slashes.',
    ),
    one_file_system: option(yesNo, 'no', 'Whether to leave out what is mounted below a directory.'),
    backup_mysql: option(yesNo, 'no', 'Whether to back up the MySQL or MariaDB server.'),
    tar_options: option(
      words,
      '',
      'More options for GNU tar, split into words as in a shell, without expansion. Those that would lose files or make copies that cannot be restored are refused.',
    ),
  },
  host: {
    name: option(
      hostName,
      undefined,
      'Name that stands for this machine in keys and status files; absent: its host name, and an ID of the machine beside it.',
    ),
  },
  destination: {
    backup_destination: option(
      oneOf([...DESTINATION_KINDS, ...IGNORED_SECTIONS], listWords(DESTINATION_KINDS)),
      undefined,
      'Where copies go; the section of that name says how to get there. Required.',
    ),
    keep_local_path: option(
      absolutePath,
      undefined,
      'Directory on this machine that keeps an unencrypted second copy of each backup. It cannot be the destination itself.',
    ),
    must_exist: option(
      yesNo,
      'no',
      'Whether nothing is backed up when the copies of this host that the destination had are missing, as below a mount point without its file system; otherwise that is a warning.',
    ),
  },
  ...DRIVER_OPTIONS,
  integrity: {
    key_file: option(
      absolutePath,
      undefined,
      'File with the keys that sign what the status says of each copy; the first backup makes it. Absent: integrity.key beside this file.',
    ),
    require: option(
      yesNo,
      'no',
      'Whether a restore refuses each copy that none of these keys has signed, also those of other hosts.',
    ),
  },
  mysql: {
    mysql_defaults_file: option(
      path,
      '/root/.my.cnf',
      'MySQL option file with the user and password to connect with.',
    ),
    full_backup: option(
      oneOf(RUN_TYPES),
      'daily',
      'The most frequent run type that takes a full copy; more frequent runs take incremental ones.',
    ),
    expire_log_days: option(count, '7', 'For how many days to keep copies of binary logs.'),
    safe_slave_backup: option(
      yesNo,
      'no',
      'Whether a replica stops applying what it receives while it is copied, so that no temporary table is open.',
    ),
    parallel: option(
      wholeNumber(1),
      undefined,
      'Threads with which the backup program copies data files; absent: its own default, one.',
    ),
    throttle: option(
      wholeNumber(1),
      undefined,
      'The most pairs of read and write operations a second (mariabackup), or of 10 MiB chunks (xtrabackup), with which the backup program copies; absent: no limit.',
    ),
    xtrabackup_binary: option(
      path,
      undefined,
      'Program that takes and prepares copies; absent: xtrabackup or mariabackup, as the server needs.',
    ),
    xbstream_binary: option(
      path,
      undefined,
      'Without effect, as copies are unpacked without another program; accepted for existing configurations.',
    ),
  },
  stream: STREAM_OPTIONS,
  limits: LIMITS_OPTIONS,
  gpg: {
    recipient: option(
      text,
      undefined,
      'Key that copies are encrypted for. Required when the section is there.',
    ),
    keyring: option(path, undefined, 'Public keyring with the key; absent: that of the default GnuPG home.'),
    secret_keyring: option(
      path,
      undefined,
      'Secret keyring to decrypt with; absent: that of the default GnuPG home.',
    ),
  },
  compression: {
    program: option(oneOf(COMPRESSOR_NAMES), 'gzip', 'Program that compresses the copies.'),
    threads: option(wholeNumber(1), undefined, 'Threads to compress with; absent: all cores.'),
    level: levelOption(),
  },
  retention: {
    ...retentionOptions('on the destination'),
    remote: option(
      yesNo,
      'yes',
      'Whether copies that are no longer to be kept are deleted from the destination; `off` for credentials that may not delete there.',
    ),
    trust_shrinking: option(
      yesNo,
      'no',
      'Whether copies from before a source became empty or far smaller expire as others do; otherwise the newest of them is kept until the size is back.',
    ),
  },
  retention_local: retentionOptions('in `keep_local_path`'),
  intervals: perRunType(
    (runType) => `run_${runType}` as const,
    (runType) => option(yesNo, 'yes', `Whether ${runType} runs do anything.`),
  ),
  check: {
    max_age: option(
      maxAges,
      undefined,
      'How old the newest copy of each directory and of the server may be before `check` fails; absent: any age.',
    ),
  },
  export: {
    transport: option(oneOf(TRANSPORTS), undefined, 'Where to send metrics; absent: nowhere.'),
    ...exportOptions(),
  },
  notify: NOTIFY_OPTIONS,
  hooks: HOOK_OPTIONS,
  log: {
    file: option(
      absolutePath,
      undefined,
      'File to add the structured log of each command to: JSON lines, which logrotate may rotate at any time; absent: none.',
    ),
  },
  measures: {
    log: option(
      path,
      '/var/log/twindb-backup-measures.log',
      'File with the start, finish and duration of the last 100 runs.',
    ),
  },
} satisfies Readonly<Record<string, OptionRows>>;

type Schema = typeof SCHEMA;
export type SectionName = keyof Schema;
export type OptionName<S extends SectionName> = keyof Schema[S] & string;

/** What an option is read as. */
export type OptionValue<S extends SectionName, N extends OptionName<S>> = ValueOf<Schema[S][N]>;
