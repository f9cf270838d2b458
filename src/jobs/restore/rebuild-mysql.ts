import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { recordOf } from '../../catalogue/keep-trusted.ts';
import type { MysqlChain } from '../../catalogue/mysql-chain.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { RestoredData } from '../../mysql/copy/advice.ts';
import type { BackupInfo } from '../../mysql/copy/backup-info.ts';
import { BACKUP_MY_CNF, findOption } from '../../mysql/copy/backup-my-cnf.ts';
import { programsByInfo, programsByStatus } from '../../mysql/copy/copy-programs.ts';
import { XbstreamUnpack } from '../../mysql/copy/xbstream-unpack.ts';
import type { Flavour } from '../../mysql/flavours.ts';
import { formatBytes, secondsSince } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { showStep } from '../show-step.ts';
import { type ClaimedFolder, restoreInto } from './claim-folder.ts';
import { type CopyCache, fillCache, takeFromCache } from './copy-cache.ts';
import { fetchCopy } from './fetch-copy.ts';
import { moveOut } from './move-out.ts';
import { requireExtracted, writeConfigs, writeGrastate } from './mysql-folder.ts';
import { prepareData } from './prepare-data.ts';
import { leastSize, measureSpace, requireSpace } from './space.ts';
import { removeLinks } from './tablespace-links.ts';
import { isCacheOurs, warnOfTargetWriters } from './target-writers.ts';

/** A data directory that was made of a copy. */
export interface RebuiltData extends RestoredData {
  readonly flavour: Flavour;
  /** Seconds that preparing took. */
  readonly prepareSeconds: number;
  /** The tables that the copy must hold, and when it was complete, in seconds since the epoch, as far as its status tells. */
  readonly tables: string | undefined;
  readonly takenAt: number | undefined;
  /** Where the copy that was asked for has come from. */
  readonly location: string;
}

/** An unpacked copy, and where it has come from. */
interface Extracted {
  readonly info: BackupInfo;
  readonly location: string;
}

/** A data directory that is ready for a server, before it gets to where it was asked for. */
export interface PreparedData {
  readonly dir: string;
  readonly folder: ClaimedFolder;
  /** The name of each file is not known yet. */
  readonly data: Omit<RebuiltData, 'names'>;
}

/** What is to be done with the data before they get to where they were asked for. */
export interface MoreWork {
  /** Bytes that this takes on the disk beside the data: at least, and probably. */
  readonly room: { readonly least: number; readonly likely: number };
  /** Throws where that could not be done in this folder, before anything is fetched into it. */
  readonly require: (folder: ClaimedFolder) => Promise<void>;
  /** Changes the data. When it throws, the restore has failed. */
  readonly change: (prepared: PreparedData) => Promise<void>;
}

/** Where a copy is unpacked. */
interface Unpacking {
  readonly dir: string;
  /** The folder that the operator named, for messages. */
  readonly dst: string;
}

/**
 * Makes a datadir, on which a server can start, of a copy below `dst`, which must be empty or absent, and does more with it where that is given. When
 * anything fails, or the signal comes, `dst` is left empty.
 */
export async function rebuildMysql(
  chain: MysqlChain,
  dst: string,
  cache: CopyCache | undefined,
  context: JobContext,
  more?: MoreWork,
): Promise<RebuiltData> {
  await warnOfTargetWriters(dst, context, { forServer: true });
  const usable = cache !== undefined && (await isCacheOurs(cache.dir, context)) ? cache : undefined;
  // The server's data are nobody else's business.
  return await restoreInto(dst, { mode: 0o700 }, context.log, async (folder) => {
    await more?.require(folder);
    await requireRoom(chain, folder, more?.room, context);
    return await build(chain, folder, usable, more?.change, context);
  });
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
  { name, work }: ClaimedFolder,
  more: MoreWork['room'] | undefined,
  { log }: JobContext,
): Promise<void> {
  const space = await measureSpace(work.path, name);
  let { least, likely } = more ?? { least: 0, likely: 0 };
  for (const candidates of incremental === undefined ? [full] : [full, incremental]) {
    const packed = candidates[0]?.object.size ?? 0;
    const unpacked = recordOf(candidates)?.unpackedSize;
    least += leastSize(space, { packed, unpacked });
    likely += unpacked === undefined ? packed * USUAL_RATIO : Math.max(packed, unpacked);
  }
  if (recordOf(full)?.unpackedSize === undefined) likely += EMPTY_SERVER;
  requireSpace(space, least);
  if (space.free >= likely) return;
  log.warn(
    `The space in ${name} may not be enough: when it is unpacked the copy may take up to ${formatBytes(likely)}, ` +
      `${formatBytes(space.free)} are free. The restore is tried all the same`,
  );
}

/** Everything is made in a folder of its own and moved out when it is whole, so that half a datadir never looks like one. */
async function build(
  chain: MysqlChain,
  folder: ClaimedFolder,
  cache: CopyCache | undefined,
  change: MoreWork['change'] | undefined,
  context: JobContext,
): Promise<RebuiltData> {
  const { name: dst, work } = folder;
  const full = { dir: join(work.path, 'full'), dst };
  const incremental = { dir: join(work.path, 'incremental'), dst };
  const target = full.dir;
  // The copy that was asked for tells more than its parent does.
  const copy = recordOf(chain.incremental ?? chain.full);
  let used = await programsByStatus(copy, context);
  let { info, location } = await extractFull(chain.full, full, cache, context);
  if (info.serverVersion !== undefined) used = await programsByInfo(used, info.serverVersion, copy, context);
  // Before anything is prepared: what a link leads to may be the file of a running server.
  const moved = new Set(await removeLinks(target));
  if (chain.incremental !== undefined) {
    const { toLsn } = info;
    ({ info, location } = await extract(chain.incremental, incremental, 'incremental', context));
    requireContinuing(info, toLsn, chain);
    for (const table of await removeLinks(incremental.dir)) moved.add(table);
  }
  const start = performance.now();
  await showStep(context, ['Preparing the copy in', dst], () =>
    prepareData(target, chain.incremental && incremental.dir, used, context),
  );
  const prepareSeconds = secondsSince(start);
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
  const data = {
    location,
    prepareSeconds,
    tables: copy?.tables,
    takenAt: copy?.backupFinished,
    dst,
    flavour: used.flavour,
    config,
    setup: copy?.serverSetup,
    innodbLogFileSize: findOption(options, 'innodb-log-file-size'),
    galera,
    binlog: info.binlog ?? copy?.binlog,
    position: info.position ?? copy?.position,
    gtid: info.gtid ?? copy?.gtid,
  };
  await change?.({ dir: target, folder, data });
  context.signal.throwIfAborted();
  const names = await readdir(target);
  await moveOut(target, folder);
  return { ...data, names };
}

/** The backup program would say so too, but after it has prepared the full copy, and in its own words. */
function requireContinuing({ fromLsn }: BackupInfo, toLsn: number, { full, incremental }: MysqlChain): void {
  if (fromLsn === toLsn) return;
  const [key, parent] = [incremental, full].map((each) => each?.[0]?.object.key ?? '');
  throw new TwinDbError(
    `Cannot restore ${key}: it begins at LSN ${fromLsn}, and its parent ${parent} ends at LSN ${toLsn}`,
    { remedy: 'It continues another full copy. Restore another one; twindb-backup ls shows them.' },
  );
}

async function extractFull(
  full: MysqlChain['full'],
  target: Unpacking,
  cache: CopyCache | undefined,
  context: JobContext,
): Promise<Extracted> {
  const cached = cache && (await takeFromCache(cache, full, target.dir, context));
  if (cached !== undefined) return { info: cached, location: cache?.dir ?? '' };
  const extracted = await extract(full, target, 'full', context);
  if (cache !== undefined) await fillCache(cache, full, target.dir, context);
  return extracted;
}

async function extract(
  candidates: MysqlChain['full'],
  { dir, dst }: Unpacking,
  type: MysqlCopy['type'],
  context: JobContext,
): Promise<Extracted> {
  await mkdir(dir, { mode: 0o700 });
  let info: BackupInfo | undefined;
  const location = await fetchCopy(
    {
      candidates,
      dst: dir,
      dstName: dst,
      extract: () => [new XbstreamUnpack(dir)],
      check: async () => {
        info = await requireExtracted(dir, type);
      },
    },
    context,
  );
  if (info === undefined) throw new TwinDbError(`Nothing was unpacked into ${dst}`);
  return { info, location };
}
