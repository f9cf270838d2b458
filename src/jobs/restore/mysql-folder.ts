import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, hasCode, TwinDbError } from '../../errors.ts';
import { SAVED_CONFIG_PREFIX } from '../../mysql/copy/advice.ts';
import { type BackupInfo, readBackupInfo } from '../../mysql/copy/backup-info.ts';
import { formatGrastate, parseGaleraInfo } from '../../mysql/copy/grastate.ts';
import { ANY_FILES } from '../../mysql/flavours.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import type { Program } from '../../process/program.ts';
import type { JobContext } from '../job-context.ts';

/**
 * What an extracted copy says of itself. Unpacking an empty stream succeeds and leaves nothing, so this is also the check
 * that something was unpacked. Throws a TwinDbError when it is not a copy of the type that was expected.
 */
export async function requireExtracted(dir: string, type: MysqlCopy['type']): Promise<BackupInfo> {
  const info = await readBackupInfo(dir, { files: ANY_FILES });
  if (info.type === type) return info;
  // As a run leaves it that is killed after the copy and before the status.
  if (info.type === 'incremental') {
    throw new TwinDbError('it is an incremental copy, and no status names the full one that it continues', {
      remedy:
        'Add it to the status with twindb-backup check --adopt (with --hostname for another host), which finds its full copy, and restore it again.',
    });
  }
  throw new TwinDbError('it is a full copy, and its status says that it is incremental', {
    remedy: 'Restore another copy; twindb-backup ls shows them.',
  });
}

/** Runs a backup program to its end; what it says goes to the debug log. Throws the ProcessError of a failure. */
export async function runBackupProgram(
  program: Program,
  { signal, log }: Pick<JobContext, 'signal' | 'log'>,
): Promise<void> {
  log.debug(`Running ${[program.command, ...program.args].join(' ')}`);
  const onStderrLine = (line: string) => log.debug(`${program.command}: ${line}`);
  await runPipeline([Readable.from([]), { ...program, onStderrLine }], signal);
}

/**
 * Puts each of the server's configuration files into `dir`, with `@` for each slash of its path (contract: restore mysql): the server
 * shows a folder of any name as a database. They may hold passwords. What a status says cannot be trusted to be a path, and must not
 * throw a prepared restore away: `warn` is told of a file that cannot be written.
 */
export async function writeConfigs(
  dir: string,
  config: MysqlCopy['config'],
  warn: (message: string) => void,
): Promise<void> {
  for (const [path, base64] of config.flatMap((file) => Object.entries(file))) {
    try {
      if (!SAVED_PATH.test(path)) throw new TwinDbError('that is no path of a file');
      const target = join(dir, `${SAVED_CONFIG_PREFIX}${path.replaceAll('/', '@')}`);
      // Two paths may have one name: the first one stays.
      await writeFile(target, Buffer.from(base64, 'base64'), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      warn(`The saved configuration file ${quoteLocation(path)} is left out: ${describeError(error)}`);
    }
  }
}

/** An absolute path without control characters that does not end in a slash. */
const SAVED_PATH = /^\/([^\p{Cc}]*[^\p{Cc}/])$/u;

/** Writes `grastate.dat` into a folder that has a Galera info file. Returns whether it did. */
export async function writeGrastate(dir: string): Promise<boolean> {
  for (const path of ANY_FILES.galeraInfo.map((name) => join(dir, name))) {
    const content = await readFile(path, 'utf8').catch((cause: unknown) => {
      if (hasCode(cause, 'ENOENT')) return undefined;
      throw new TwinDbError(`Cannot read ${path}`, { cause });
    });
    const position = content === undefined ? undefined : parseGaleraInfo(content);
    if (position === undefined) continue;
    await writeFile(join(dir, 'grastate.dat'), formatGrastate(position), { mode: 0o660 });
    return true;
  }
  return false;
}
