import { readFile } from 'node:fs/promises';
import { BACKUP_MY_CNF } from '../../mysql/copy/backup-my-cnf.ts';
import type { CopyPrograms } from '../../mysql/copy/copy-programs.ts';
import {
  fitTo,
  type KnownOptions,
  readProgramOptions,
  readServerOptions,
} from '../../mysql/copy/known-options.ts';
import { halfOfAvailable, prepareCopy } from '../../mysql/copy/prepare.ts';
import type { JobContext } from '../job-context.ts';
import { runBackupProgram } from './mysql-folder.ts';

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
  const inVain = new AbortController();
  const preparing = prepare(target, incremental, used, context).catch((error: unknown) => {
    inVain.abort(error);
    throw error;
  });
  const asking = readServerOptions(used.flavour, AbortSignal.any([context.signal, inVain.signal]));
  // Both are waited for, whichever fails: the caller is going to empty the folder.
  const [prepared, known] = await Promise.allSettled([preparing, asking]);
  if (prepared.status === 'rejected') throw prepared.reason;
  if (known.status === 'rejected') throw known.reason;
  await fit(known.value, target, 'the server on this host', context);
}

async function prepare(
  target: string,
  incremental: string | undefined,
  { programs, flavour }: CopyPrograms,
  context: JobContext,
): Promise<void> {
  const memory = halfOfAvailable(await readFile('/proc/meminfo', 'utf8'), process.constrainedMemory());
  await fit(await readProgramOptions(programs, context.signal), target, programs.backup, context);
  const steps = incremental === undefined ? ['whole' as const] : ['base' as const, { incremental }];
  for (const step of steps) {
    context.log.info(`Preparing the ${typeof step === 'object' ? 'incremental' : 'full'} copy`);
    await runBackupProgram(prepareCopy(programs, flavour, { target, memory, step }), context);
  }
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
