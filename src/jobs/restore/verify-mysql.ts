import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { openCatalogue } from '../../catalogue/catalogue.ts';
import { findMysqlChain } from '../../catalogue/mysql-chain.ts';
import { LATEST } from '../../catalogue/newest-copies.ts';
import { describeError } from '../../errors.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import { makeScratchFolder } from '../../lock/scratch-folder.ts';
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
}

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
  { dst, host, boot }: VerifyOptions,
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
    const data = await timeRestore('mysql', context, async () => {
      try {
        return await restore(wanted, datadir, host, found, context);
      } finally {
        found.restoreTime = secondsSince(started);
      }
    });
    if (boot === undefined) return undefined;
    found.boot = { ...NOTHING, ...describeRestore(data, found.restoreTime), gtid: data.gtid };
    const report = await bootAndCheck({ ...data, datadir, above }, boot, context);
    found.boot = {
      ...found.boot,
      report,
      gtid: report.gtid ?? data.gtid,
      reached: data.takenAt,
      rto: round(found.restoreTime + report.seconds.boot),
      rpo: data.takenAt === undefined ? undefined : Math.max(0, round(at - data.takenAt)),
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

function describeRestore({ prepareSeconds }: RebuiltData, restoreTime: number) {
  return { prepare: prepareSeconds, fetch: round(restoreTime - prepareSeconds) };
}

function secondsSince(start: number): number {
  return round((performance.now() - start) / 1000);
}

/** To milliseconds. */
function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
