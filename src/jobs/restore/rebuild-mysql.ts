import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import type { BackupInfo } from '../../mysql/copy/backup-info.ts';
import { BACKUP_MY_CNF, findOption } from '../../mysql/copy/backup-my-cnf.ts';
import { type CopyPrograms, programsByInfo, programsByStatus } from '../../mysql/copy/copy-programs.ts';
import { extractCopy } from '../../mysql/copy/prepare.ts';
import { dialectOf, XbstreamGuard } from '../../mysql/copy/xbstream-guard.ts';
import { formatBytes } from '../../units.ts';
import type { LocatedCopy, MysqlChain } from '../find/mysql-chain.ts';
import type { JobContext } from '../job-context.ts';
import { type CopyCache, fillCache, takeFromCache } from './copy-cache.ts';
import { claimEmptyFolder, leastSize, leaveEmpty, measureSpace, requireSpace } from './empty-folder.ts';
import { fetchCopy } from './fetch-copy.ts';
import { requireExtracted, writeConfigs, writeGrastate } from './mysql-folder.ts';
import { prepareData } from './prepare-data.ts';
import { removeLinks } from './tablespace-links.ts';

/** A data directory that was made of a copy. */
interface RebuiltData extends RestoredData {
  /** Where the copy that was asked for has come from. */
  readonly location: string;
}

/** An unpacked copy, and where it has come from. */
interface Extracted {
  readonly info: BackupInfo;
  readonly location: string;
}

/**
 * Makes a datadir, on which a server can start, of a copy below `dst`, which must be empty or absent. When anything
 * fails, or the signal comes, `dst` is left empty.
 */
export async function rebuildMysql(
  chain: MysqlChain,
  dst: string,
  cache: CopyCache | undefined,
  context: JobContext,
): Promise<RebuiltData> {
  const work = await claimEmptyFolder(dst);
  try {
    await requireRoom(chain, dst, context);
    const restored = await build(chain, { work, dst }, cache, context);
    context.signal.throwIfAborted();
    return restored;
  } catch (error) {
    await leaveEmpty(dst, error);
    throw error;
  }
}

/** How many times larger than its object a copy is that was compressed by any of our programs: most lie below this. */
const USUAL_RATIO = 5;

/** What even a server without any data has in its system tablespaces and logs, in bytes; it compresses to nearly nothing. */
const EMPTY_SERVER = 100 << 20;

/**
 * Both copies lie there at once. Less room than they certainly need is an error. Where the status does not tell the size of
 * one (the Python tool records none, and of an incremental copy nobody knows), its object's is the least it can be; more than
 * that is a guess, which must not keep anyone from a restore that would succeed.
 */
async function requireRoom(
  { full, incremental }: MysqlChain,
  dst: string,
  { log }: JobContext,
): Promise<void> {
  const space = await measureSpace(dst);
  let [least, likely] = [0, 0];
  for (const { copy, candidates } of incremental === undefined ? [full] : [full, incremental]) {
    const packed = candidates[0]?.object.size ?? 0;
    const unpacked = copy?.unpackedSize;
    least += leastSize(space, { packed, unpacked });
    likely += unpacked === undefined ? packed * USUAL_RATIO : Math.max(packed, unpacked);
  }
  if (full.copy?.unpackedSize === undefined) likely += EMPTY_SERVER;
  requireSpace(space, least);
  if (space.free >= likely) return;
  log.warn(
    `The space in ${dst} may not be enough: when it is unpacked the copy may take up to ${formatBytes(likely)}, ` +
      `${formatBytes(space.free)} are free. The restore is tried all the same`,
  );
}

/** Everything is made in `work` and moved out when it is whole, so that half a datadir never looks like one. */
async function build(
  chain: MysqlChain,
  { work, dst }: { readonly work: string; readonly dst: string },
  cache: CopyCache | undefined,
  context: JobContext,
): Promise<RebuiltData> {
  const [target, incremental] = [join(work, 'full'), join(work, 'incremental')];
  // The copy that was asked for tells more than its parent does.
  const { copy } = chain.incremental ?? chain.full;
  let used = await programsByStatus(copy, context);
  let { info, location } = await extractFull(chain.full, target, cache, used, context);
  if (info.serverVersion !== undefined) used = await programsByInfo(used, info.serverVersion, copy, context);
  // Before anything is prepared: what a link leads to may be the file of a running server.
  const moved = new Set(await removeLinks(target));
  if (chain.incremental !== undefined) {
    const { toLsn } = info;
    ({ info, location } = await extract(chain.incremental, incremental, 'incremental', used, context));
    requireContinuing(info, toLsn, chain);
    for (const table of await removeLinks(incremental)) moved.add(table);
  }
  await prepareData(target, chain.incremental && incremental, used, context);
  if (moved.size > 0) {
    context.log.info(
      `Made with DATA DIRECTORY, these lie in the data directory now: ${[...moved].map(quoteLocation).join(', ')}`,
    );
  }
  // Preparing has put the incremental copy's own Galera info in the place of the full one's.
  const galera = await writeGrastate(target);
  const config = copy?.config ?? [];
  await writeConfigs(target, config, (message) => context.log.warn(message));
  const options = await readFile(join(target, BACKUP_MY_CNF), 'utf8');
  await moveOut(target, dst);
  await rm(work, { recursive: true });
  return {
    location,
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
): Promise<Extracted> {
  const cached = cache && (await takeFromCache(cache, full, target, context));
  if (cached !== undefined) return { info: cached, location: cache?.dir ?? '' };
  const extracted = await extract(full, target, 'full', used, context);
  if (cache !== undefined) await fillCache(cache, full, target, context);
  return extracted;
}

async function extract(
  { candidates, lookups }: LocatedCopy,
  dir: string,
  type: MysqlCopy['type'],
  { programs, flavour }: CopyPrograms,
  context: JobContext,
): Promise<Extracted> {
  await mkdir(dir, { mode: 0o700 });
  const dialect = await dialectOf(programs.stream, flavour);
  let info: BackupInfo | undefined;
  const location = await fetchCopy(
    {
      candidates,
      dst: dir,
      lookUp: async (candidate) =>
        lookups.get(candidate) ?? { record: undefined, reason: 'no status lists it' },
      guard: () => new XbstreamGuard(dialect),
      extract: () => extractCopy(programs, dir),
      check: async () => {
        info = await requireExtracted(dir, type);
      },
    },
    context,
  );
  if (info === undefined) throw new TwinDbError(`Nothing was unpacked into ${dir}`);
  return { info, location };
}

async function moveOut(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) await rename(join(from, name), join(to, name));
}
