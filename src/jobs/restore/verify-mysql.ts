import { performance } from 'node:perf_hooks';
import { type Catalogue, openCatalogue } from '../../catalogue/catalogue.ts';
import { findMysqlChain } from '../../catalogue/mysql-chain.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { makeScratchFolder } from '../../lock/scratch-folder.ts';
import { compareNewestFirst } from '../../retention/newest-first.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { rebuildMysql } from './rebuild-mysql.ts';
import { timeRestore } from './time-restore.ts';

/** Instead of a copy: the newest one that the status of the host lists. */
const LATEST = 'latest';

interface VerifyOptions {
  /** Where to restore to; must be empty or absent. Undefined: a temporary folder, which is removed. */
  readonly dst: string | undefined;
  /** Whose newest copy `latest` is. */
  readonly host: string;
}

/** What came of it. */
export interface Verification {
  /** The key of the copy, or what was asked for when there is no such copy. */
  readonly copy: string;
  /** Where the copy is; undefined when there is none. */
  readonly location: string | undefined;
  /** Seconds. */
  readonly restoreTime: number;
  /** Why the copy cannot be restored; undefined when it can. */
  readonly failure: string | undefined;
}

/** Restores a copy, to know that it can be restored. Throws only when it was interrupted. */
export async function verifyMysql(
  wanted: string,
  { dst, host }: VerifyOptions,
  context: JobContext,
): Promise<Verification> {
  let copy = wanted;
  let location: string | undefined;
  let restoreTime = 0;
  const finish = (failure?: string): Verification => ({ copy, location, restoreTime, failure });
  const rebuild = async (): Promise<void> => {
    const start = performance.now();
    try {
      await restore();
    } finally {
      restoreTime = Math.round(performance.now() - start) / 1000;
    }
  };
  const restore = async (): Promise<void> => {
    const catalogue = openCatalogue(context);
    const key = wanted === LATEST ? await findLatest(host, catalogue, context.now()) : wanted;
    // Whoever names an object wants to know about that one.
    const chain = await findMysqlChain(key, catalogue, { onlyThere: true });
    const candidates = chain.incremental ?? chain.full;
    const name = (candidate: FoundCopy | undefined): void => {
      if (candidate === undefined) return;
      copy = candidate.object.key;
      location = candidate.location;
    };
    name(candidates[0]);
    await using scratch = dst === undefined ? await makeScratchFolder('verify') : undefined;
    const rebuilt = await rebuildMysql(chain, dst ?? scratch?.path ?? '', undefined, context);
    // Another place may have had to stand in for the first one.
    name(candidates.find((candidate) => candidate.location === rebuilt.location));
  };
  try {
    await timeRestore('mysql', context, rebuild);
    return finish();
  } catch (error) {
    context.signal.throwIfAborted();
    return finish(describeError(error));
  }
}

async function findLatest(host: string, catalogue: Catalogue, now: Date): Promise<string> {
  const { destination, local } = catalogue.context;
  const copies: MysqlCopy[] = [];
  for (const place of local === undefined
    ? (['destination'] as const)
    : (['destination', 'local'] as const)) {
    const status = await catalogue.status(place, host, MYSQL);
    if (status.failure !== undefined) throw status.failure as Error;
    copies.push(...status.copies);
  }
  const [latest] = copies.filter((copy) => copy.host === host).toSorted(compareNewestFirst(toSeconds(now)));
  if (latest !== undefined) return keepLocalKey(latest.key);
  throw new TwinDbError(`There is no copy of MySQL of host ${host} in its status on ${destination.url}`, {
    remedy: 'Name the host with --hostname, or a copy; twindb-backup ls --type mysql shows them.',
  });
}
