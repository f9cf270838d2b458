import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import { recordOf } from '../../catalogue/keep-trusted.ts';
import { findMysqlChain } from '../../catalogue/mysql-chain.ts';
import { LATEST } from '../../catalogue/newest-copies.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { makeScratchFolder } from '../../lock/scratch-folder.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import { quote } from '../../mysql/copy/quote.ts';
import { flavourOf } from '../../mysql/flavours.ts';
import { startPrivateServer } from '../../mysql/private-server/private-server.ts';
import { formatBytes } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { recover } from '../recover/recover-mysql.ts';
import type { RecoveryPlan } from '../recover/recovery-plan.ts';
import { requireServer } from '../recover/require-server.ts';
import { tellRecovery } from '../recover/tell-recovery.ts';
import { restoreInto } from '../restore/claim-folder.ts';
import { findLatestMysql } from '../restore/latest-copy.ts';
import { moveOut } from '../restore/move-out.ts';
import { type RebuiltData, rebuildMysql } from '../restore/rebuild-mysql.ts';
import { timeRestore } from '../restore/time-restore.ts';
import { adviseRows } from './advise-rows.ts';
import { dumpChosen } from './dump-chosen.ts';
import { parseName } from './table-names.ts';

/** Where tables come from, and where they get to. */
export interface RestoreTablesOptions {
  /** What `ls` prints, or `latest`. */
  readonly copy: string;
  /** Up to where binary logs are replayed; undefined: the tables are as the copy has them. */
  readonly target: RecoveryTarget | undefined;
  /** Gets the files of SQL; must be empty or absent. */
  readonly dst: string;
  readonly host: string;
  /** With a target: a folder with logs that the server has left. */
  readonly moreLogs: string | undefined;
}

/**
 * Restores or recovers a copy beside `dst`, starts a server of our own on it, and writes the tables of these names to `dst` as SQL, a file each. Returns
 * what there is and how rows are brought back, a line each. When anything fails `dst` is left empty; nothing of the server is left in any case. Throws a
 * TwinDbError.
 */
export async function restoreTables(
  names: readonly string[],
  { dst, ...source }: RestoreTablesOptions,
  context: JobContext,
): Promise<string[]> {
  for (const name of names) parseName(name);
  return await restoreInto(dst, { mode: 0o700 }, context.log, async (folder) => {
    const made = join(folder.work.path, 'files');
    await mkdir(made, { mode: 0o700 });
    const lines = await makeFiles(names, { ...source, dst, made }, context);
    context.signal.throwIfAborted();
    await moveOut(made, folder);
    return lines;
  });
}

interface Making extends RestoreTablesOptions {
  /** Where the files are made. */
  readonly made: string;
}

async function makeFiles(
  names: readonly string[],
  { dst, made, ...source }: Making,
  context: JobContext,
): Promise<string[]> {
  // Beside the target, as that is where the operator has room. The account of the server is let into it, not into the target.
  await using scratch = await makeScratchFolder('tables', { parent: await parentOf(dst) });
  const { data, lines } = await timeRestore('mysql', context, () => makeData(source, scratch.path, context));
  await using server = await startPrivateServer({
    ...data,
    datadir: data.dst,
    above: [scratch.path],
    purpose: 'check',
    log: context.log,
    signal: context.signal,
  });
  const { dumped, files } = await dumpChosen(names, { server, flavour: data.flavour, folder: made }, context);
  await server.stop();
  return [
    ...lines,
    `In ${quoteLocation(dst)}:`,
    ...files.map(({ name, size }) => `  ${name}  ${formatBytes(size)}`),
    ...adviseRows(dumped, { dst, client: data.flavour.clientPrograms[0] }),
  ];
}

/** The folder that the target is in, on the same file system. Throws a TwinDbError where there is none. */
async function parentOf(dst: string): Promise<string> {
  const real = await realpath(dst);
  const parent = dirname(real);
  if ((await stat(real)).dev === (await stat(parent)).dev) return parent;
  throw new TwinDbError(
    `A file system is mounted at ${quoteLocation(dst)}, and what the tables are made of needs room beside the files`,
    { remedy: `Name a folder in it: --dst ${quote(join(dst, 'tables'))}` },
  );
}

interface Made {
  readonly data: RebuiltData;
  /** Up to where the data are. */
  readonly lines: readonly string[];
}

async function makeData(
  { copy: wanted, target, host, moreLogs }: Omit<RestoreTablesOptions, 'dst'>,
  scratch: string,
  context: JobContext,
): Promise<Made> {
  const dst = join(scratch, 'data');
  const require = async (copy: MysqlCopy | undefined): Promise<void> => {
    // Of a copy by the Python tool the server is known when it is unpacked.
    if (copy?.serverVersion === undefined) return;
    await requireServer(flavourOf(copy.serverVendor, copy.serverVersion), scratch, context.signal);
  };
  if (target !== undefined) {
    const place = { dst, above: [scratch], cache: undefined };
    const beforeFetch = ({ copy }: RecoveryPlan) => require(copy);
    const recovery = await recover(wanted, target, { ...place, host, moreLogs, beforeFetch }, context);
    return { data: recovery.data, lines: tellRecovery(recovery) };
  }
  const catalogue = openCatalogue(context);
  const latest = { host, before: undefined };
  const key = wanted === LATEST ? await findLatestMysql(latest, catalogue, context.now()) : wanted;
  const chain = await findMysqlChain(key, catalogue);
  await require(recordOf(chain.incremental ?? chain.full));
  const data = await rebuildMysql(chain, dst, undefined, context);
  return { data, lines: [`The tables are as in ${quoteLocation(key)}.`] };
}
