import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinDbError } from '../../errors.ts';
import { BACKUP_MY_CNF, findOption } from '../../mysql/copy/backup-my-cnf.ts';
import type { CopyPrograms } from '../../mysql/copy/copy-programs.ts';
import {
  fitTo,
  type KnownOptions,
  keepAllowedOptions,
  readProgramOptions,
  readServerOptions,
} from '../../mysql/copy/known-options.ts';
import { halfOfAvailable, prepareCopy } from '../../mysql/copy/prepare.ts';
import type { JobContext } from '../job-context.ts';
import { runBackupProgram } from './mysql-folder.ts';
import { requirePlainRenames } from './rename-files.ts';

/**
 * Makes a datadir of the full copy in `target`, with what the folder `incremental` adds to it when given, and drops from its
 * backup-my.cnf what the program or the server here does not know. Asking the server takes a while, and so it is done meanwhile.
 * When this throws, nothing works on the folder any more.
 */
export async function prepareData(
  target: string,
  incremental: string | undefined,
  used: CopyPrograms,
  context: JobContext,
): Promise<void> {
  for (const dir of incremental === undefined ? [target] : [target, incremental]) await disarm(dir, context);
  const inVain = new AbortController();
  const asking = readServerOptions(used.flavour, AbortSignal.any([context.signal, inVain.signal]));
  const preparing = runPrepare(target, incremental, used, asking, context).catch((error: unknown) => {
    inVain.abort(error);
    throw error;
  });
  // Both are waited for, whichever fails: the caller is going to empty the folder.
  const [prepared, known] = await Promise.allSettled([preparing, asking]);
  if (prepared.status === 'rejected') throw prepared.reason;
  if (known.status === 'rejected') throw known.reason;
  await fit(known.value, target, 'the server on this host', context);
}

/** Takes from an unpacked copy what would make the backup program do more than read it, or refuses the copy. */
async function disarm(dir: string, { log }: JobContext): Promise<void> {
  const others = await keepAllowedOptions(dir);
  if (others.length > 0)
    log.debug(`${BACKUP_MY_CNF}: left out what does not decide how the data are read: ${others.join(', ')}`);
  await requirePlainRenames(dir);
}

async function runPrepare(
  target: string,
  incremental: string | undefined,
  { programs, flavour }: CopyPrograms,
  asking: Promise<KnownOptions>,
  context: JobContext,
): Promise<void> {
  const memory = halfOfAvailable(await readFile('/proc/meminfo', 'utf8'), process.constrainedMemory());
  await fit(await readProgramOptions(programs, context.signal), target, programs.backup, context);
  const pluginDir = await findPluginDir(target, flavour, asking);
  const steps = incremental === undefined ? ['whole' as const] : ['base' as const, { incremental }];
  for (const step of steps) {
    context.log.info(`Preparing the ${typeof step === 'object' ? 'incremental' : 'full'} copy`);
    await runBackupProgram(prepareCopy(programs, flavour, { target, memory, pluginDir, step }), context);
  }
}

/**
 * Where the plugins are that the copy in `dir` needs: mariabackup has to be told, and the copy itself must not tell it. Throws a
 * TwinDbError when that cannot be found out.
 */
async function findPluginDir(
  dir: string,
  { family, title }: CopyPrograms['flavour'],
  asking: Promise<KnownOptions>,
): Promise<string | undefined> {
  const plugins = findOption(await readFile(join(dir, BACKUP_MY_CNF), 'utf8'), 'plugin-load');
  if (plugins === undefined || family !== 'mariadb') return undefined;
  const known = await asking;
  if (known.names !== undefined && known.pluginDir !== undefined) return known.pluginDir;
  const reason =
    known.names === undefined ? known.reason : 'the server on this host does not say where its plugins are';
  throw new TwinDbError(`The copy cannot be prepared without the plugin ${plugins}: ${reason}`, {
    remedy: `Install the server ${title} with that plugin on this host; it need not run.`,
  });
}

async function fit(known: KnownOptions, target: string, who: string, { log }: JobContext): Promise<void> {
  if (known.names === undefined) {
    log.debug(`${BACKUP_MY_CNF}: what ${who} does not know is not looked for: ${known.reason}`);
    return;
  }
  const dropped = await fitTo(known.names, target);
  if (dropped.length > 0)
    log.info(`${BACKUP_MY_CNF}: left out what ${who} does not know: ${dropped.join(', ')}`);
}
