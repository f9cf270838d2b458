import { openCatalogue } from '../../catalogue/catalogue.ts';
import { findMysqlChain } from '../../catalogue/mysql-chain.ts';
import { LATEST } from '../../catalogue/newest-copies.ts';
import { adviseNextSteps, oldLogsFolder } from '../../mysql/copy/advice.ts';
import { adviseReplay, commandWith } from '../../mysql/copy/advise-replay.ts';
import { adviseReplication } from '../../mysql/copy/advise-replication.ts';
import type { JobContext } from '../job-context.ts';
import { findHostBinlogs, findReplay } from './find-replay.ts';
import { findLatestMysql, type LatestOptions } from './latest-copy.ts';
import { rebuildMysql } from './rebuild-mysql.ts';
import { THIS_HOST } from './steps-host.ts';
import { timeRestore } from './time-restore.ts';

interface RestoreMysqlOptions {
  /** The datadir to make; must be empty or absent. */
  readonly dst: string;
  /** Folder that keeps extracted full copies for later restores. */
  readonly cache: string | undefined;
  /** Which copy `latest` is; by default the newest one of this host. */
  readonly latest?: LatestOptions;
}

/**
 * Makes a datadir of a full or incremental copy. `wanted` is what `ls` prints, or `latest`. Returns the next steps, a line each. When
 * anything fails, `dst` is left empty.
 */
export async function restoreMysql(
  wanted: string,
  { dst, cache, latest }: RestoreMysqlOptions,
  context: JobContext,
): Promise<string[]> {
  const catalogue = openCatalogue(context);
  const { host, now } = context;
  const options = latest ?? { host, before: undefined };
  const copy = wanted === LATEST ? await findLatestMysql(options, catalogue, now()) : wanted;
  const chain = await findMysqlChain(copy, catalogue);
  const cacheFolder = cache === undefined ? undefined : { dir: cache };
  // Asked before: once the data are there, nothing may keep the operator from them.
  const binlogs = await findHostBinlogs(chain, catalogue);
  const data = await timeRestore('mysql', context, () => rebuildMysql(chain, dst, cacheFolder, context));
  const means = { command: commandWith(context.configFile), oldLogs: oldLogsFolder(data, THIS_HOST) };
  return [
    ...adviseNextSteps(data, THIS_HOST),
    ...adviseReplay(data, findReplay(chain, data, binlogs), means),
    ...adviseReplication(data),
  ];
}
