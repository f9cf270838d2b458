import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import { findMysqlChain } from '../../catalogue/mysql-chain.ts';
import { LATEST } from '../../catalogue/newest-copies.ts';
import { describeError } from '../../errors.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import { makeScratchFolder } from '../../lock/scratch-folder.ts';
import { secondsSince } from '../../units.ts';
import { bootAndCheck } from '../boot/boot-and-check.ts';
import { findFault } from '../boot/boot-report.ts';
import type { Statement } from '../boot/statements.ts';
import type { JobContext } from '../job-context.ts';
import { findLatestMysql } from './latest-copy.ts';
import { type RebuiltData, rebuildMysql } from './rebuild-mysql.ts';
import { reportRecovery, timeRestore } from './time-restore.ts';
import type { BootVerification, Verification } from './verification.ts';

interface VerifyOptions {
  /** Where to restore to; must be empty or absent. Undefined: a temporary folder, which is removed. */
  readonly dst: string | undefined;
  /** Whose newest copy `latest` is. */
  readonly host: string;
  /** To start a server on what was restored, and to ask it these; undefined: none is started. */
  readonly boot: readonly Statement[] | undefined;
  /** Makes the data, and more of them than are in the copy; undefined: the copy is restored. */
  readonly recover?: RecoverCopy | undefined;
}

/** A copy on which logs were replayed. */
export interface RecoveredCopy {
  readonly data: RebuiltData;
  /** The copy that was taken, by its key. */
  readonly copy: string;
  /** Seconds that the logs took, with the server that they were replayed on. */
  readonly replaySeconds: number;
  /** The last transaction that the data hold; undefined: that of the copy. */
  readonly gtid: string | undefined;
  /** The moment up to which the data hold everything, in seconds since the epoch. */
  readonly reached: number | undefined;
}

/** Recovers what is `wanted` into `dst`; `above` are folders of ours above that. */
export type RecoverCopy = (
  wanted: string,
  place: { readonly dst: string; readonly above: readonly string[] },
  context: JobContext,
) => Promise<RecoveredCopy>;

/** What has become known so far, whatever ends the work. */
interface Findings {
  copy: string;
  location: string | undefined;
  restoreTime: number;
  boot?: BootVerification;
}

const NOTHING: BootVerification = {
  fetch: undefined,
  prepare: undefined,
  replay: undefined,
  report: undefined,
  gtid: undefined,
  reached: undefined,
  rto: undefined,
  rpo: undefined,
};

/**
 * Restores a copy, to know that it can be restored, and with `boot` that a server finds all well in it. Throws only when it was interrupted.
 */
export async function verifyMysql(
  wanted: string,
  { dst, host, boot, recover }: VerifyOptions,
  context: JobContext,
): Promise<Verification> {
  const found: Findings = {
    copy: wanted,
    location: undefined,
    restoreTime: 0,
    ...(boot && { boot: NOTHING }),
  };
  const verify = async (): Promise<string | undefined> => {
    await using scratch = dst === undefined ? await makeScratchFolder('verify') : undefined;
    // A folder in it: that of the data becomes another account's, and only what is ours is removed after a kill.
    const datadir = scratch === undefined ? (dst ?? '') : join(scratch.path, 'data');
    const above = scratch === undefined ? [] : [scratch.path];
    const started = performance.now();
    const at = context.now().getTime() / 1000;
    const made = await timeRestore('mysql', context, async () => {
      try {
        if (recover === undefined) {
          const restored = await restore(wanted, datadir, host, found, context);
          return { data: restored, replaySeconds: undefined, gtid: undefined, reached: restored.takenAt };
        }
        const recovered = await recover(wanted, { dst: datadir, above }, context);
        [found.copy, found.location] = [recovered.copy, recovered.data.location];
        return recovered;
      } finally {
        found.restoreTime = secondsSince(started);
      }
    });
    if (boot === undefined) return undefined;
    const { data, reached } = made;
    const gtid = made.gtid ?? data.gtid;
    found.boot = { ...NOTHING, ...describeRestore(made, found.restoreTime), gtid };
    const report = await bootAndCheck({ ...data, datadir, above }, boot, context);
    found.boot = {
      ...found.boot,
      report,
      gtid: report.gtid ?? gtid,
      reached,
      rto: round(found.restoreTime + report.seconds.boot),
      rpo: reached === undefined ? undefined : Math.max(0, round(at - reached)),
    };
    return findFault(report);
  };
  let failure: string | undefined;
  try {
    failure = await verify();
  } catch (error) {
    context.signal.throwIfAborted();
    failure = describeError(error);
  }
  if (boot !== undefined) await reportRecovery({ succeeded: failure === undefined, ...found.boot }, context);
  return { ...found, failure };
}

async function restore(
  wanted: string,
  datadir: string,
  host: string,
  found: Findings,
  context: JobContext,
): Promise<RebuiltData> {
  const catalogue = openCatalogue(context);
  const key =
    wanted === LATEST ? await findLatestMysql({ host, before: undefined }, catalogue, context.now()) : wanted;
  // Whoever names an object wants to know about that one.
  const chain = await findMysqlChain(key, catalogue, { onlyThere: true });
  const candidates = chain.incremental ?? chain.full;
  const name = (candidate: FoundCopy | undefined): void => {
    if (candidate === undefined) return;
    found.copy = candidate.object.key;
    found.location = candidate.location;
  };
  name(candidates[0]);
  const rebuilt = await rebuildMysql(chain, datadir, undefined, context);
  // Another place may have had to stand in for the first one.
  name(candidates.find((candidate) => candidate.location === rebuilt.location));
  return rebuilt;
}

function describeRestore(
  { data, replaySeconds }: { readonly data: RebuiltData; readonly replaySeconds: number | undefined },
  restoreTime: number,
): Pick<BootVerification, 'fetch' | 'prepare' | 'replay'> {
  return {
    prepare: data.prepareSeconds,
    replay: replaySeconds,
    fetch: round(restoreTime - data.prepareSeconds - (replaySeconds ?? 0)),
  };
}

/** To milliseconds. */
function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
