import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinDbError } from '../errors.ts';
import type { Flavour } from './flavours.ts';

/** What the backup program writes about a copy, to `--extra-lsndir` and into the copy itself. */
export interface BackupInfo {
  readonly type: 'full' | 'incremental';
  /** 0 in a full copy. */
  readonly fromLsn: number;
  /** The LSN that the next incremental copy continues from. */
  readonly toLsn: number;
  /** Binary log coordinates of the copy; undefined when the server writes no binary log. */
  readonly binlog: string | undefined;
  readonly position: number | undefined;
  readonly gtid: string | undefined;
  readonly serverVersion: string | undefined;
  readonly toolVersion: string | undefined;
}

/**
 * Reads the checkpoints and info files in a folder: that of `--extra-lsndir`, or an extracted copy. Throws a TwinDbError
 * that names the file when one is missing or does not tell what it must.
 */
export async function readBackupInfo(dir: string, flavour: Pick<Flavour, 'files'>): Promise<BackupInfo> {
  const checkpoints = await readPairs(dir, flavour.files.checkpoints);
  const info = await readPairs(dir, flavour.files.info);
  return {
    type: readType(checkpoints),
    fromLsn: readLsn(checkpoints, 'from_lsn'),
    toLsn: readLsn(checkpoints, 'to_lsn'),
    ...readCoordinates(info.values.get('binlog_pos') ?? ''),
    serverVersion: info.values.get('server_version') || undefined,
    toolVersion: info.values.get('tool_version') || undefined,
  };
}

interface Pairs {
  readonly path: string;
  /** Of lines `name = value`; a value of several lines goes on where the name ended. */
  readonly values: ReadonlyMap<string, string>;
}

async function readPairs(dir: string, names: readonly string[]): Promise<Pairs> {
  const [path, content] = await readFirst(dir, names);
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

async function readFirst(dir: string, names: readonly string[]): Promise<[path: string, content: string]> {
  for (const name of names) {
    const path = join(dir, name);
    try {
      return [path, await readFile(path, 'utf8')];
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
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

type Coordinates = Pick<BackupInfo, 'binlog' | 'position' | 'gtid'>;

/** `filename 'mysql-bin.000002', position '546', GTID of the last change '0-1-6'`, all but the file's name optional. */
function readCoordinates(binlogPos: string): Coordinates {
  const binlog = /filename '([^']+)'/.exec(binlogPos)?.[1];
  if (binlog === undefined) return { binlog: undefined, position: undefined, gtid: undefined };
  const position = /position '?(\d+)/.exec(binlogPos)?.[1];
  const gtid = /GTID of the last change '([^']*)'/.exec(binlogPos)?.[1];
  return {
    binlog,
    position: position === undefined ? undefined : Number(position),
    gtid: gtid?.replace(/\s+/g, '') || undefined,
  };
}
