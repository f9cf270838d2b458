import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isBinlogName } from '../../copies/binlog-copy.ts';
import { hasCode, TwinDbError } from '../../errors.ts';
import type { Flavour } from '../flavours.ts';

/** What the backup program writes about a copy, to `--extra-lsndir` and into the copy itself. */
export interface BackupInfo {
  readonly type: 'full' | 'incremental';
  /** 0 in a full copy. */
  readonly fromLsn: number;
  /** The LSN that the next incremental copy continues from. */
  readonly toLsn: number;
  /** The LSN at which the copy ends; undefined where the program does not tell. */
  readonly lastLsn: number | undefined;
  /** Binary log coordinates of the copy; undefined when the server writes no binary log. */
  readonly binlog: string | undefined;
  readonly position: number | undefined;
  readonly gtid: string | undefined;
  readonly serverVersion: string | undefined;
  /** How long the backup took, by the clock of its host. */
  readonly seconds: number | undefined;
}

/**
 * Reads the checkpoints and info files in a folder: that of `--extra-lsndir`, or an extracted copy. Throws a TwinDbError
 * that names the file when one is missing or does not tell what it must.
 */
export async function readBackupInfo(dir: string, flavour: Pick<Flavour, 'files'>): Promise<BackupInfo> {
  return parseBackupInfo({
    checkpoints: await readFirst(dir, flavour.files.checkpoints),
    info: await readFirst(dir, flavour.files.info),
  });
}

/** A file that the backup program left, whose path is only for messages. */
export interface InfoFile {
  readonly path: string;
  readonly content: string;
}

/** The same of the files' contents. */
export function parseBackupInfo(files: {
  readonly checkpoints: InfoFile;
  readonly info: InfoFile;
}): BackupInfo {
  const [checkpoints, info] = [parsePairs(files.checkpoints), parsePairs(files.info)];
  return {
    type: readType(checkpoints),
    fromLsn: readLsn(checkpoints, 'from_lsn'),
    toLsn: readLsn(checkpoints, 'to_lsn'),
    lastLsn: checkpoints.values.has('last_lsn') ? readLsn(checkpoints, 'last_lsn') : undefined,
    ...readCoordinates(info.values.get('binlog_pos') ?? ''),
    serverVersion: info.values.get('server_version') || undefined,
    seconds: readDuration(info),
  };
}

interface Pairs {
  readonly path: string;
  /** Of lines `name = value`; a value of several lines goes on where the name ended. */
  readonly values: ReadonlyMap<string, string>;
}

function parsePairs({ path, content }: InfoFile): Pairs {
  const values = new Map<string, string>();
  let last: string | undefined;
  for (const line of content.split('\n')) {
    const [, name, value] = /^(\w+) = ?(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      last = name;
      values.set(name, value.trim());
    } else if (last !== undefined) {
      // A GTID set of several servers is written over several lines.
      values.set(last, `${values.get(last) ?? ''}\n${line}`.trim());
    }
  }
  return { path, values };
}

async function readFirst(dir: string, names: readonly string[]): Promise<InfoFile> {
  for (const name of names) {
    const path = join(dir, name);
    try {
      return { path, content: await readFile(path, 'utf8') };
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) continue;
      throw new TwinDbError(`Cannot read ${path}`, { cause });
    }
  }
  throw new TwinDbError(`The backup program left no ${names.join(' or ')} in ${dir}`);
}

/** `full-backuped`, `incremental`; once prepared `full-prepared` or `log-applied`. */
function readType({ path, values }: Pairs): BackupInfo['type'] {
  const type = values.get('backup_type') ?? '';
  if (type === 'incremental') return 'incremental';
  if (type.startsWith('full-') || type === 'log-applied') return 'full';
  throw new TwinDbError(`${path}: backup_type is "${type}"`);
}

function readLsn({ path, values }: Pairs, name: string): number {
  const value = values.get(name) ?? '';
  const lsn = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(lsn)) return lsn;
  throw new TwinDbError(`${path}: ${name} must be an LSN, and is "${value}"`);
}

/** `2026-11-22 11:50:16` twice; in which time zone matters only where one of them lies in another. */
function readDuration({ values }: Pairs): number | undefined {
  const [start, end] = ['start_time', 'end_time'].map((name) => Date.parse(`${values.get(name) ?? ''}Z`));
  const seconds = ((end ?? Number.NaN) - (start ?? Number.NaN)) / 1000;
  return seconds >= 0 ? seconds : undefined;
}

type Coordinates = Pick<BackupInfo, 'binlog' | 'position' | 'gtid'>;

/** GTIDs of MariaDB, `0-1-6,1-1-7`, or sets of MySQL's, `UUID:1-5:7` with tags since 8.3. */
export const GTIDS = /^[\w:,-]*$/;

/**
 * `filename 'mysql-bin.000002', position '546', GTID of the last change '0-1-6'`, all but the file's name optional. They come
 * from the server, or from a copy that somebody has changed, and end up in statements and in commands that are printed: what
 * cannot be a log's name, or GTIDs, counts as missing.
 */
function readCoordinates(binlogPos: string): Coordinates {
  const binlog = /filename '([^']+)'/.exec(binlogPos)?.[1];
  if (binlog === undefined || !isBinlogName(binlog))
    return { binlog: undefined, position: undefined, gtid: undefined };
  const position = /position '?(\d+)/.exec(binlogPos)?.[1];
  const gtid = /GTID of the last change '([^']*)'/.exec(binlogPos)?.[1]?.replace(/\s+/g, '') ?? '';
  return {
    binlog,
    position: position === undefined ? undefined : Number(position),
    gtid: GTIDS.test(gtid) && gtid !== '' ? gtid : undefined,
  };
}
