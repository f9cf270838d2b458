import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError, type ProgramEnd, TwinDbError } from '../errors.ts';
import { makeScratchFolder } from '../lock/scratch-folder.ts';
import type { Log } from '../log.ts';
import { type BackupInfo, readBackupInfo } from '../mysql/copy/backup-info.ts';
import { PRIMARY_POSITION } from '../mysql/copy/primary-position.ts';
import { type BackupPrograms, LAST_WORDS } from '../mysql/copy/programs.ts';
import { redactSecrets } from '../mysql/server/blank-secrets.ts';
import { missingPrivilege } from '../mysql/server/mysql-errors.ts';
import { requireOwnLsn } from '../mysql/server/own-files.ts';
import { readLsn } from '../mysql/server/read-lsn.ts';
import type { MysqlServer } from '../mysql/server/server.ts';
import type { Program } from '../process/program.ts';
import type { Source } from './source.ts';

export interface MysqlSourceOptions {
  readonly server: Pick<MysqlServer, 'options' | 'flavour' | 'status'>;
  readonly programs: BackupPrograms;
  /** The LSN that an incremental copy continues from; undefined: a full copy. */
  readonly fromLsn: number | undefined;
  /** Files that the program must be allowed to open; see open-files.ts. */
  readonly openFiles: number;
  /** Whether the server is a node of a Galera cluster. */
  readonly galera: boolean;
  /** More arguments, for a replica; see copy-replica.ts. */
  readonly replicaOptions?: readonly string[];
  /** Threads, and operations a second; see `[mysql] parallel` and `throttle`. */
  readonly pace?: { readonly parallel: number | undefined; readonly throttle: number | undefined };
  /** Bytes that the stream has about; undefined: not known. */
  readonly size: number | undefined;
  readonly log: Log;
}

export interface MysqlFacts extends BackupInfo {
  /** What the program said of the copy's place in the logs of a primary; see primary-position.ts. */
  readonly primaryPositions: readonly string[];
}

/**
 * A copy of the server's data as mariabackup or xtrabackup streams it. The program's own files about the copy go to a
 * private folder, which disposing removes; when they don't tell what they must, the stream fails like the program.
 */
export async function openMysqlSource(
  options: MysqlSourceOptions,
): Promise<Source<MysqlFacts> & AsyncDisposable> {
  const { server, programs, fromLsn, log } = options;
  const folder = await makeScratchFolder('backup');
  const [target, about] = [join(folder.path, 'target'), join(folder.path, 'about')] as const;
  for (const each of [target, about]) await mkdir(each);
  const primaryPositions: string[] = [];
  let info: MysqlFacts | undefined;
  let before: number | undefined;
  const program: Program = {
    command: programs.backup,
    args: backupArguments(options, { target, about }),
    debianPackage: programs.debianPackage,
    isHeavy: true,
    lastWords: LAST_WORDS,
    redact: redactSecrets,
    onStderrLine(line) {
      log.debug(line);
      if (PRIMARY_POSITION.test(line)) primaryPositions.push(line);
    },
    remedyFor: (end) => findRemedy(end, options.openFiles),
    async onSuccess() {
      info = { ...(await readBackupInfo(about, server.flavour)), primaryPositions };
      requireContinuing(info, fromLsn);
      requireOwnLsn(server, info.lastLsn, { before, after: await readLsnIfAny(server, log) });
    },
  };
  return {
    title: `${server.flavour.title}, ${fromLsn === undefined ? 'full' : 'incremental'}`,
    async open() {
      before = await readLsnIfAny(server, log);
      return program;
    },
    size: options.size,
    facts() {
      if (info === undefined) throw new Error('The stream has not ended yet, so nothing is known of it');
      return info;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** A copy is not thrown away because the server cannot be asked: it may have been shut down since. */
async function readLsnIfAny(server: Pick<MysqlServer, 'status'>, log: Log): Promise<number | undefined> {
  try {
    return await readLsn(server);
  } catch (error) {
    log.debug(`Which LSN the server has reached is not known: ${describeError(error)}`);
    return undefined;
  }
}

/** A copy that began elsewhere than it was told to could not be restored. */
function requireContinuing({ fromLsn: actual }: BackupInfo, fromLsn = 0): void {
  if (actual !== fromLsn) throw new TwinDbError(`The copy begins at LSN ${actual} instead of ${fromLsn}`);
}

/** The password is in none of them: the program reads it from the defaults file, which has to come first. */
function backupArguments(
  { server, fromLsn, openFiles, galera, replicaOptions = [], pace }: MysqlSourceOptions,
  folders: { readonly target: string; readonly about: string },
): string[] {
  return [
    `--defaults-file=${server.options.file}`,
    ...server.options.arguments,
    '--backup',
    '--stream=xbstream',
    `--target-dir=${folders.target}`,
    `--extra-lsndir=${folders.about}`,
    `--open-files-limit=${openFiles}`,
    ...(fromLsn === undefined ? [] : [`--incremental-lsn=${fromLsn}`]),
    ...(galera ? server.flavour.galeraOptions : []),
    ...(pace?.parallel === undefined ? [] : [`--parallel=${pace.parallel}`]),
    ...(pace?.throttle === undefined ? [] : [`--throttle=${pace.throttle}`]),
    ...replicaOptions,
  ];
}

/** What the program says tells what to do. */
function findRemedy({ stderr }: ProgramEnd, openFiles: number): string | undefined {
  const messages = stderr.join('\n');
  const missing = missingPrivilege(messages) ?? /missing required privilege (\S+)/i.exec(messages)?.[1];
  if (missing !== undefined) return `Grant the backup user the privilege ${missing} ON *.*.`;
  const [, table] = /SELECT command denied to user .+? for table [`']?([\w.`]+)/i.exec(messages) ?? [];
  if (table !== undefined) {
    const name = table.replaceAll('`', '');
    return `Grant the backup user SELECT ON ${name.includes('.') ? name : `performance_schema.${name}`}.`;
  }
  if (/No space left on device/i.test(messages)) return `Make room in ${tmpdir()} and in the data directory.`;
  // The program asks for as many itself, but may not always go beyond the hard limit.
  if (/Too many open files/i.test(messages)) {
    return `Let this command have ${openFiles} files open: ulimit -Hn ${openFiles}, or LimitNOFILE=${openFiles} in a systemd unit.`;
  }
  return undefined;
}
