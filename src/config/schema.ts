import { RUN_TYPES } from '../copies/run-type.ts';
import { COMPRESSORS } from './config.ts';
import {
  absolutePath,
  type Kind,
  maxAges,
  oneOf,
  path,
  remotePath,
  secret,
  size,
  text,
  textfile,
  webUrl,
  wholeNumber,
  words,
  yesNo,
} from './kinds.ts';

/** One option: what it takes, what counts when it is absent (as one would write it), and what it is for. */
export interface Option<T, D extends string | undefined = string | undefined> {
  readonly kind: Kind<T>;
  readonly default: D;
  readonly description: string;
}

function option<T, D extends string | undefined>(
  kind: Kind<T>,
  fallback: D,
  description: string,
): Option<T, D> {
  return { kind, default: fallback, description };
}

const MIB = 1024 ** 2;
/** The limits of S3 itself. Source: Amazon S3 multipart upload limits. */
// S3 takes 5 GiB, but Node signs no buffer of 2 GiB or more.
const partSize = size(5 * MIB, 2047 * MIB, 'a size from 5 MiB to 2047 MiB, such as 64M, 64MiB or 67108864');
const count = wholeNumber(0);
const port = wholeNumber(1, 65_535);

function retentionOptions(where: string) {
  return {
    hourly_copies: option(count, '24', `How many hourly copies to keep ${where}.`),
    daily_copies: option(count, '7', `How many daily copies to keep ${where}.`),
    weekly_copies: option(count, '4', `How many weekly copies to keep ${where}.`),
    monthly_copies: option(count, '12', `How many monthly copies to keep ${where}.`),
    yearly_copies: option(count, '3', `How many yearly copies to keep ${where}.`),
  };
}

/** Every section and option there is, in the spelling of the documentation: section -> option -> row. */
export const SCHEMA = {
  source: {
    backup_dirs: option(
      words,
      '',
      'Directories to back up: absolute paths, separated by blanks; quotes protect blanks in a path.',
    ),
    backup_mysql: option(yesNo, 'no', 'Whether to back up the MySQL or MariaDB server.'),
    tar_options: option(
      words,
      '',
      'More options for GNU tar, split into words as in a shell, without expansion. Those that would lose files or make copies that cannot be restored are refused.',
    ),
  },
  destination: {
    backup_destination: option(
      oneOf(['ssh', 's3', 'local', 'az', 'gcs'], 'ssh, s3 or local'),
      undefined,
      'Where copies go; the section of that name says how to get there. Required.',
    ),
    keep_local_path: option(
      absolutePath,
      undefined,
      'Directory on this machine that keeps an unencrypted second copy of each backup. It cannot be the destination itself.',
    ),
  },
  local: {
    backup_dir: option(absolutePath, '/var/backup', 'Directory on this machine that holds the copies.'),
  },
  s3: {
    AWS_ACCESS_KEY_ID: option(
      text,
      undefined,
      'Access key; without keys the AWS default credential chain applies (environment, profile, instance role).',
    ),
    AWS_SECRET_ACCESS_KEY: option(secret, undefined, 'Secret that belongs to the access key.'),
    AWS_DEFAULT_REGION: option(text, 'us-east-1', 'Region of the bucket.'),
    BUCKET: option(text, undefined, 'Bucket that holds the copies; it must exist. Required.'),
    endpoint_url: option(webUrl, undefined, 'URL of an S3-compatible server to use instead of AWS.'),
    path_style: option(
      yesNo,
      undefined,
      'Whether requests say `endpoint/bucket/key` rather than `bucket.endpoint/key`; yes with `endpoint_url`, else no.',
    ),
    storage_class: option(
      text,
      undefined,
      'Storage class of new copies, such as STANDARD_IA; absent: STANDARD. Status files are always STANDARD.',
    ),
    sse: option(
      oneOf(['AES256', 'aws:kms']),
      undefined,
      'Encryption by the server; absent: what the bucket is set to.',
    ),
    sse_kms_key_id: option(text, undefined, 'KMS key for `sse=aws:kms`; absent: the AWS managed key.'),
    checksums: option(
      oneOf(['when_supported', 'when_required']),
      'when_supported',
      'When requests carry checksums; `when_required` suits older S3-compatible servers that refuse them.',
    ),
    part_size: option(
      partSize,
      undefined,
      'Size of the parts of an upload, of which there are 10,000 at most. Absent: chosen from the expected size.',
    ),
    concurrency: option(wholeNumber(1), '4', 'How many parts are uploaded at once; each is held in memory.'),
  },
  ssh: {
    backup_host: option(text, '127.0.0.1', 'Server that holds the copies.'),
    backup_dir: option(remotePath, '/var/backup', 'Directory on the server that holds the copies.'),
    ssh_user: option(text, 'root', 'User to log in as.'),
    ssh_key: option(path, '/root/.ssh/id_rsa', 'Private key to log in with.'),
    port: option(port, '22', 'Port of the SSH server.'),
    known_hosts: option(path, '~/.ssh/known_hosts', 'File with the host keys that are trusted.'),
    host_key_checking: option(
      oneOf(['accept-new', 'strict']),
      'accept-new',
      'What to do about an unknown host: remember its key at first sight, or refuse it. A changed key is always refused.',
    ),
  },
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
    xtrabackup_binary: option(
      path,
      undefined,
      'Program that takes and prepares copies; absent: xtrabackup or mariabackup, as the server needs.',
    ),
    xbstream_binary: option(
      path,
      undefined,
      'Program that unpacks copies; absent: xbstream or mbstream, as the server needs.',
    ),
  },
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
    program: option(oneOf(COMPRESSORS), 'gzip', 'Program that compresses the copies.'),
    threads: option(wholeNumber(1), undefined, 'Threads to compress with; absent: all cores.'),
    level: option(
      wholeNumber(1, 19, 'a whole number from 1 to 9, or to 19 with zstd'),
      undefined,
      'Compression level, 1 (fast) to 9 (small), with zstd to 19; absent: 6, and with zstd its own default.',
    ),
  },
  retention: retentionOptions('on the destination'),
  retention_local: retentionOptions('in `keep_local_path`'),
  intervals: {
    run_hourly: option(yesNo, 'yes', 'Whether hourly runs do anything.'),
    run_daily: option(yesNo, 'yes', 'Whether daily runs do anything.'),
    run_weekly: option(yesNo, 'yes', 'Whether weekly runs do anything.'),
    run_monthly: option(yesNo, 'yes', 'Whether monthly runs do anything.'),
    run_yearly: option(yesNo, 'yes', 'Whether yearly runs do anything.'),
  },
  check: {
    max_age: option(
      maxAges,
      undefined,
      'How old the newest copy of each directory and of the server may be before `check` fails; absent: any age.',
    ),
  },
  export: {
    transport: option(
      oneOf(['datadog', 'statsd', 'prometheus']),
      undefined,
      'Where to send metrics; absent: nowhere.',
    ),
    via: option(
      oneOf(['agent', 'api']),
      'agent',
      'How they reach Datadog: through the agent, or straight to its HTTP API, which needs `api_key`.',
    ),
    agent_host: option(text, '127.0.0.1', 'Host of the Datadog agent.'),
    agent_port: option(port, '8125', 'UDP port of the Datadog agent (DogStatsD).'),
    api_url: option(
      webUrl,
      'https://api.datadoghq.com',
      'Datadog API of your site, such as `https://api.datadoghq.eu`.',
    ),
    api_key: option(secret, undefined, 'Datadog API key; needed with `via=api` only.'),
    app_key: option(secret, undefined, 'Datadog application key; known from older files, and never needed.'),
    statsd_host: option(text, '127.0.0.1', 'Host of the StatsD server.'),
    statsd_port: option(port, '8125', 'UDP port of the StatsD server.'),
    prometheus_file: option(
      textfile,
      '/var/lib/prometheus/node-exporter/twindb_backup.prom',
      "File to keep for Prometheus, in the folder of node_exporter's textfile collector; each configuration needs its own.",
    ),
  },
  measures: {
    log: option(
      path,
      '/var/log/twindb-backup-measures.log',
      'File with the start, finish and duration of the last 100 runs.',
    ),
  },
} satisfies Readonly<Record<string, Readonly<Record<string, Option<unknown>>>>>;

/** Sections of destinations that are not supported yet: whatever stands in them is ignored. */
export const IGNORED_SECTIONS: readonly string[] = ['az', 'gcs'];

type Schema = typeof SCHEMA;
export type SectionName = keyof Schema;
export type OptionName<S extends SectionName> = keyof Schema[S] & string;

/** What an option is read as: `undefined` is possible where there is no default. */
export type OptionValue<S extends SectionName, N extends OptionName<S>> =
  Schema[S][N] extends Option<infer T, infer D> ? (D extends string ? T : T | undefined) : never;
