import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import { TwinDbError } from '../errors.ts';
import type { RestoredData } from '../mysql/advice.ts';
import type { BackupInfo } from '../mysql/backup-info.ts';
import { BACKUP_MY_CNF, findOption } from '../mysql/backup-my-cnf.ts';
import { type CopyPrograms, programsByInfo, programsByStatus } from '../mysql/copy-programs.ts';
import { fitToProgram, fitToServer } from '../mysql/known-options.ts';
import { extractCopy, halfOfAvailable, prepareCopy } from '../mysql/prepare.ts';
import { type CopyCache, fillCache, takeFromCache } from './copy-cache.ts';
import { leaveEmpty, requireEmptyFolder, requireSpace } from './empty-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import type { JobContext } from './job-context.ts';
import type { LocatedCopy, MysqlChain } from './mysql-chain.ts';
import { requireExtracted, runBackupProgram, writeConfigs, writeGrastate } from './mysql-folder.ts';
import { removeLinks } from './tablespace-links.ts';

/** Everything is made in here and moved out when it is whole, so that half a datadir never looks like one. */
const WORK = '.twindb-restore';

/** Below DST, so that the copy's own files and those of the server don't mix (contract: restore mysql). */
const CONFIGS = '_config';

/**
 * Makes a datadir, on which a server can start, of a copy below `dst`, which must be empty or absent. When anything
 * fails, or the signal comes, `dst` is left empty.
 */
export async function rebuildMysql(
  chain: MysqlChain,
  dst: string,
  cache: CopyCache | undefined,
  context: JobContext,
): Promise<RestoredData> {
  await requireEmptyFolder(dst);
  try {
    await requireSpace(dst, bytesNeeded(chain));
    const restored = await build(chain, dst, cache, context);
    context.signal.throwIfAborted();
    return restored;
  } catch (error) {
    await leaveEmpty(dst, error);
    throw error;
  }
}

/** Both copies lie there at once. What the Python tool made needs more than its compressed size; how much, no one knows. */
function bytesNeeded({ full, incremental }: MysqlChain): number {
  const copies = incremental === undefined ? [full] : [full, incremental];
  const sizes = copies.map(({ copy, candidates }) => copy?.unpackedSize ?? candidates[0]?.object.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function build(
  chain: MysqlChain,
  dst: string,
  cache: CopyCache | undefined,
  context: JobContext,
): Promise<RestoredData> {
  const work = join(dst, WORK);
  const [target, incremental] = [join(work, 'full'), join(work, 'incremental')];
  // The copy that was asked for tells more than its parent does.
  const { copy } = chain.incremental ?? chain.full;
  await mkdir(work, { mode: 0o700 });
  let used = await programsByStatus(copy, context.programs);
  let info = await extractFull(chain.full, target, cache, used, context);
  if (info.serverVersion !== undefined)
    used = await programsByInfo(info.serverVersion, copy, context.programs);
  // Before anything is prepared: what a link leads to may be the file of a running server.
  const moved = new Set(await removeLinks(target));
  if (chain.incremental !== undefined) {
    const { toLsn } = info;
    info = await extract(chain.incremental, incremental, 'incremental', used, context);
    requireContinuing(info, toLsn, chain);
    for (const table of await removeLinks(incremental)) moved.add(table);
    await prepare(target, { incremental }, used, context);
  } else {
    await prepare(target, 'whole', used, context);
  }
  if (moved.size > 0) {
    context.log.info(
      `Made with DATA DIRECTORY, these lie in the data directory now: ${[...moved].join(', ')}`,
    );
  }
  note(await fitToServer(target, used.flavour), 'the server on this host', context);
  // Preparing has put the incremental copy's own Galera info in the place of the full one's.
  const galera = await writeGrastate(target);
  const config = copy?.config ?? [];
  await writeConfigs(join(target, CONFIGS), config);
  const options = await readFile(join(target, BACKUP_MY_CNF), 'utf8');
  await moveOut(target, dst);
  await rm(work, { recursive: true });
  return {
    dst,
    flavour: used.flavour,
    config,
    innodbLogFileSize: findOption(options, 'innodb-log-file-size'),
    galera,
    binlog: info.binlog ?? copy?.binlog,
    position: info.position ?? copy?.position,
    gtid: info.gtid ?? copy?.gtid,
  };
}

/** The backup program would say so too, but after it has prepared the full copy, and in its own words. */
function requireContinuing({ fromLsn }: BackupInfo, toLsn: number, { full, incremental }: MysqlChain): void {
  if (fromLsn === toLsn) return;
  const [key, parent] = [incremental, full].map((each) => each?.candidates[0]?.object.key ?? '');
  throw new TwinDbError(
    `Cannot restore ${key}: it begins at LSN ${fromLsn}, and its parent ${parent} ends at LSN ${toLsn}`,
    { remedy: 'It continues another full copy. Restore another one; twindb-backup ls shows them.' },
  );
}

async function extractFull(
  full: LocatedCopy,
  target: string,
  cache: CopyCache | undefined,
  used: CopyPrograms,
  context: JobContext,
): Promise<BackupInfo> {
  const cached = cache && (await takeFromCache(cache, full, target, context));
  if (cached !== undefined) return cached;
  const info = await extract(full, target, 'full', used, context);
  if (cache !== undefined) await fillCache(cache, full, target, context);
  return info;
}

async function extract(
  { candidates, lookups }: LocatedCopy,
  dir: string,
  type: MysqlCopy['type'],
  { programs }: CopyPrograms,
  context: JobContext,
): Promise<BackupInfo> {
  await mkdir(dir, { mode: 0o700 });
  let info: BackupInfo | undefined;
  await fetchCopy(
    {
      candidates,
      dst: dir,
      lookUp: async (candidate) =>
        lookups.get(candidate) ?? { record: undefined, reason: 'no status lists it' },
      extract: () => extractCopy(programs, dir),
      check: async () => {
        info = await requireExtracted(dir, type);
      },
    },
    context,
  );
  if (info === undefined) throw new TwinDbError(`Nothing was unpacked into ${dir}`);
  return info;
}

async function prepare(
  target: string,
  step: 'whole' | { readonly incremental: string },
  { programs, flavour }: CopyPrograms,
  context: JobContext,
): Promise<void> {
  const memory = halfOfAvailable(await readFile('/proc/meminfo', 'utf8'));
  note(await fitToProgram(target, programs), programs.backup, context);
  const steps = step === 'whole' ? [step] : ['base' as const, step];
  for (const each of steps) {
    context.log.info(`Preparing the ${typeof each === 'object' ? 'incremental' : 'full'} copy`);
    await runBackupProgram(prepareCopy(programs, flavour, { target, memory, step: each }), context);
  }
}

function note(dropped: readonly string[], who: string, { log }: JobContext): void {
  if (dropped.length > 0)
    log.info(`${BACKUP_MY_CNF}: left out what ${who} does not know: ${dropped.join(', ')}`);
}

async function moveOut(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) await rename(join(from, name), join(to, name));
}
