import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isBinlogName } from '../../copies/binlog-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';
import { readLog } from './read-log.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/**
 * The binary logs in a folder of this machine, each read to its end. Left out are those that are stored as a whole, and those of which at least as much is stored in
 * parts. What is called like a log and is none is warned of. Throws a TwinDbError when the folder cannot be read or has no log.
 */
export async function findLocalLogs(
  folder: string,
  stored: readonly RecoveryLog[],
  context: JobContext,
): Promise<RecoveryLog[]> {
  const names = await listNames(folder);
  const logs: RecoveryLog[] = [];
  for (const name of names) {
    const log = await readLocal(join(folder, name), name, context);
    if (
      log !== undefined &&
      !stored.some((known) => isSame(known, log) && (known.parts?.end ?? log.size) >= log.size)
    )
      logs.push(log);
  }
  return logs;
}

async function listNames(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).filter(isBinlogName);
  } catch (cause) {
    throw new TwinDbError(`Cannot read the folder of --more-logs, ${quoteLocation(folder)}`, { cause });
  }
  if (names.length > 0) return names;
  throw new TwinDbError(`There is no binary log in ${quoteLocation(folder)}`, {
    remedy: 'Name the folder that has the files such as mysql-bin.000042, or leave out --more-logs.',
  });
}

async function readLocal(path: string, name: string, context: JobContext): Promise<RecoveryLog | undefined> {
  const { log } = context;
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    const source = { kind: 'file', path } as const;
    const { scan, scanner } = await readLog(source, context);
    if (scan.kind === 'unreadable') throw new TwinDbError(scan.reason);
    if (scan.kind === 'encrypted') throw new TwinDbError('the server that wrote it has encrypted it');
    return {
      key: path,
      name,
      binlog: name,
      timeCreated: scanner.timeCreated,
      listed: true,
      serverIdentity: undefined,
      // What the server was writing when it died has no later time than that.
      stored: Number.MAX_SAFE_INTEGER,
      contents: scan.contents,
      size: found.size,
      source,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    log.warn(`${quoteLocation(path)} is left out: ${describeError(error)}`);
    return undefined;
  }
}

/** Whether what is stored is of the same log. */
export function isSame({ binlog, timeCreated, contents }: RecoveryLog, local: RecoveryLog): boolean {
  if (binlog !== local.binlog || timeCreated !== local.timeCreated) return false;
  const [its, theirs] = [contents?.gtidStart, local.contents?.gtidStart];
  return its === undefined || theirs === undefined || its === theirs;
}
