import { dirname, join, resolve } from 'node:path';
import { quote } from 'shlex';
import { COMPRESSORS } from '../compression/compressors.ts';
import { byRunType } from '../copies/run-type.ts';
import { DRIVERS, folderHere } from '../destinations/drivers.ts';
import { ConfigError } from '../errors.ts';
import { normalizeBackupDirs } from './backup-dirs.ts';
import { warnOfUnknownNames } from './check-names.ts';
import type {
  CompressionConfig,
  Config,
  DestinationConfig,
  GpgConfig,
  IntegrityConfig,
  MysqlConfig,
  SourceConfig,
  SshConfig,
} from './config.ts';
import { readHooks } from './hooks.ts';
import { secret, webHook } from './kinds.ts';
import { readLimits } from './limits.ts';
import { readNotify } from './notify.ts';
import type { OptionRows } from './option.ts';
import { createOptions, type Options } from './options.ts';
import { findRaw, parseRawConfig, type RawConfig } from './raw-config.ts';
import { readDestination } from './read-destination.ts';
import { readExport } from './read-export.ts';
import { readConfigFile } from './read-file.ts';
import { SCHEMA } from './schema.ts';
import { readStream } from './stream.ts';

function readSource(options: Options, file: string, warn: (message: string) => void): SourceConfig {
  return {
    backupDirs: normalizeBackupDirs(
      options.get('source', 'backup_dirs'),
      (problem) => options.refuse('source', 'backup_dirs', problem),
      (problem) => warn(`${file}: [source] backup_dirs ${problem}`),
    ),
    runTypes: options.get('source', 'run_types'),
    exclude: readExclude(options),
    oneFileSystem: options.get('source', 'one_file_system'),
    backupMysql: options.get('source', 'backup_mysql'),
    tarOptions: options.get('source', 'tar_options'),
  };
}

/** An empty pattern would be one of every name that ends in a slash; tar drops it in silence. */
function readExclude(options: Options): readonly string[] {
  const patterns = options.get('source', 'exclude');
  if (!patterns.includes('')) return patterns;
  throw options.refuse('source', 'exclude', 'has an empty pattern', 'Remove the empty quotes.');
}

function readKeepLocalPath(options: Options, destination: DestinationConfig): string | undefined {
  const keepLocalPath = options.get('destination', 'keep_local_path');
  const folder = folderHere(destination);
  if (folder !== undefined && keepLocalPath === folder.path) {
    throw options.refuse(
      'destination',
      'keep_local_path',
      `is the same directory as ${folder.option}`,
      'Choose another directory, or remove keep_local_path: the copies are local already.',
    );
  }
  return keepLocalPath;
}

function readCompression(options: Options): CompressionConfig {
  const program = options.get('compression', 'program');
  const level = options.get('compression', 'level');
  const { max } = COMPRESSORS[program].levels;
  if (level !== undefined && level > max) {
    throw options.refuse(
      'compression',
      'level',
      `must be a whole number from 1 to ${max} with ${program}, got "${level}"`,
    );
  }
  return { program, threads: options.get('compression', 'threads'), level };
}

function readGpg(options: Options): GpgConfig | undefined {
  if (!options.has('gpg')) return undefined;
  return {
    recipient: options.need(
      'gpg',
      'recipient',
      'Write recipient=KEY, the key to encrypt for; or remove the section [gpg] to store copies unencrypted.',
    ),
    keyring: options.get('gpg', 'keyring'),
    secretKeyring: options.get('gpg', 'secret_keyring'),
  };
}

function readIntegrity(options: Options, file: string): IntegrityConfig {
  return {
    keyFile: options.get('integrity', 'key_file') ?? join(dirname(resolve(file)), 'integrity.key'),
    require: options.get('integrity', 'require'),
  };
}

function readMysql(options: Options, backupMysql: boolean): MysqlConfig | undefined {
  if (!options.has('mysql') && !backupMysql) return undefined;
  return {
    defaultsFile: options.get('mysql', 'mysql_defaults_file'),
    fullBackup: options.get('mysql', 'full_backup'),
    expireLogDays: options.get('mysql', 'expire_log_days'),
    safeSlaveBackup: options.get('mysql', 'safe_slave_backup'),
    xtrabackupBinary: options.get('mysql', 'xtrabackup_binary'),
    pace: { parallel: options.get('mysql', 'parallel'), throttle: options.get('mysql', 'throttle') },
  };
}

/** The options with a secret that is set, as `[section] option`. */
function listSecrets(raw: RawConfig): string[] {
  return Object.entries<OptionRows>(SCHEMA).flatMap(([section, rows]) =>
    Object.entries(rows)
      .filter(
        ([name, { kind }]) =>
          (kind === secret || kind === webHook) && (findRaw(raw, section, name) ?? '') !== '',
      )
      .map(([name]) => `[${section}] ${name}`),
  );
}

/**
 * Reads, parses and validates a configuration file. `warn` gets what is doubtful but harmless: unknown names,
 * duplicates, secrets that others may read. Throws a ConfigError that names the file, and the section and option
 * where there is one, for anything that cannot be.
 */
export function readConfig(path: string, warn: (message: string) => void): Config {
  const { text, readableByOthers } = readConfigFile(path);
  const raw = parseRawConfig(text, path, warn);
  const secrets = readableByOthers ? listSecrets(raw) : [];
  if (secrets.length > 0) {
    warn(
      `${path}: other users may read this file, and it holds ${secrets.join(' and ')}; run: chmod 600 ${quote(path)}`,
    );
  }
  warnOfUnknownNames(raw, path, warn);

  const options = createOptions(path, raw);
  const source = readSource(options, path, warn);
  const destination = readDestination(options);
  return {
    file: path,
    hostName: options.get('host', 'name'),
    source,
    destination,
    mustExist: options.get('destination', 'must_exist'),
    keepLocalPath: readKeepLocalPath(options, destination),
    compression: readCompression(options),
    gpg: readGpg(options),
    integrity: readIntegrity(options, path),
    mysql: readMysql(options, source.backupMysql),
    stream: readStream(options),
    limits: readLimits(options),
    retention: byRunType((runType) => options.get('retention', `${runType}_copies`)),
    retentionLocal: byRunType((runType) => options.get('retention_local', `${runType}_copies`)),
    appendOnly: !options.get('retention', 'remote'),
    trustShrinking: options.get('retention', 'trust_shrinking'),
    intervals: byRunType((runType) => options.get('intervals', `run_${runType}`)),
    maxAges: options.get('check', 'max_age'),
    export: readExport(options, path, warn),
    notify: readNotify(options, path, warn),
    hooks: readHooks(options),
    measuresLog: options.get('measures', 'log'),
    logFile: options.get('log', 'file'),
  };
}

/**
 * How to log in to hosts that are no destination of copies, as section [ssh] says; it is read only when it is needed, since
 * a mistake in it must not stop backups that go elsewhere. Throws a ConfigError that names the file, also when there is
 * no such section.
 */
export function readSshLogin(path: string): SshConfig {
  const options = createOptions(
    path,
    parseRawConfig(readConfigFile(path).text, path, () => undefined),
  );
  if (options.has('ssh')) return DRIVERS.ssh.read(options.of('ssh'));
  throw new ConfigError(`${path}: there is no section [ssh], which says how to log in to other hosts`, {
    remedy: 'Add it, with ssh_user and ssh_key.',
  });
}
