import { performance } from 'node:perf_hooks';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import { LOCAL_MYSQL_STATUS, MYSQL, MYSQL_STATUS } from '../../kinds/mysql.ts';
import { makeScratchFolder } from '../../lock/scratch-folder.ts';
import { compareNewestFirst } from '../../retention/newest-first.ts';
import { tellApart } from '../../retention/own-copies.ts';
import { openStatusStore } from '../../status/status-store.ts';
import { toSeconds } from '../../units.ts';
import type { Candidate } from '../find/find-copy.ts';
import { findMysqlChain } from '../find/mysql-chain.ts';
import type { JobContext } from '../job-context.ts';
import { rebuildMysql } from './rebuild-mysql.ts';
import { timeRestore } from './time-restore.ts';

/** Instead of a copy: the newest one that the status of the host lists; of this host one that no other machine of its name has made. */
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
    const key = wanted === LATEST ? await findLatest(host, context) : wanted;
    // Whoever names an object wants to know about that one.
    const chain = await findMysqlChain(key, context, { onlyThere: true });
    const { candidates } = chain.incremental ?? chain.full;
    const name = (candidate: Candidate | undefined): void => {
      if (candidate === undefined) return;
      copy = candidate.object.key;
      location = locationOf(candidate);
    };
    name(candidates[0]);
    await using scratch = dst === undefined ? await makeScratchFolder('verify') : undefined;
    const rebuilt = await rebuildMysql(chain, dst ?? scratch?.path ?? '', undefined, context);
    // Another place may have had to stand in for the first one.
    name(candidates.find((candidate) => locationOf(candidate) === rebuilt.location));
  };
  try {
    await timeRestore('mysql', context, rebuild);
    return finish();
  } catch (error) {
    context.signal.throwIfAborted();
    return finish(describeError(error));
  }
}

function locationOf({ destination, object }: Candidate): string {
  return destination.locate(object.key);
}

async function findLatest(host: string, context: JobContext): Promise<string> {
  const { destination, local } = context;
  const remoteStatus = await openStatusStore(destination, host, MYSQL_STATUS, context).read();
  const localStatus = local && (await openStatusStore(local, host, LOCAL_MYSQL_STATUS, context).read());
  const us = { machineId: context.machineId() };
  const copies = [remoteStatus, ...(localStatus ? [localStatus] : [])].flatMap(({ status }) => {
    const listed = MYSQL.copies(status);
    return host === context.host ? tellApart(listed, us).ours : listed;
  });
  const [latest] = copies
    .filter((copy) => copy.host === host)
    .toSorted(compareNewestFirst(toSeconds(context.now())));
  if (latest !== undefined) return keepLocalKey(latest.key);
  throw new TwinDbError(`There is no copy of MySQL of host ${host} in its status on ${destination.url}`, {
    remedy: 'Name the host with --hostname, or a copy; twindb-backup ls --type mysql shows them.',
  });
}
