import { performance } from 'node:perf_hooks';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import { findMysqlChain } from '../../catalogue/mysql-chain.ts';
import { LATEST } from '../../catalogue/newest-copies.ts';
import { describeError } from '../../errors.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import { makeScratchFolder } from '../../lock/scratch-folder.ts';
import type { JobContext } from '../job-context.ts';
import { findLatestMysql } from './latest-copy.ts';
import { rebuildMysql } from './rebuild-mysql.ts';
import { timeRestore } from './time-restore.ts';
import type { Verification } from './verification.ts';

interface VerifyOptions {
  /** Where to restore to; must be empty or absent. Undefined: a temporary folder, which is removed. */
  readonly dst: string | undefined;
  /** Whose newest copy `latest` is. */
  readonly host: string;
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
    const key =
      wanted === LATEST
        ? await findLatestMysql({ host, before: undefined }, catalogue, context.now())
        : wanted;
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
