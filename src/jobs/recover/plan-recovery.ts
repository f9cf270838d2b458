import type { Catalogue } from '../../catalogue/catalogue.ts';
import { recordOf } from '../../catalogue/keep-trusted.ts';
import { findMysqlChain, type MysqlChain } from '../../catalogue/mysql-chain.ts';
import { LATEST, listNewestFirst } from '../../catalogue/newest-copies.ts';
import type { BinlogContents } from '../../copies/binlog-contents.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { lastSecondOf } from '../../mysql/binlog/log-times.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import type { JobContext } from '../job-context.ts';
import { type ChosenBase, chooseBase } from './choose-base.ts';
import { firstSecondOf } from './fit-target.ts';
import { findLogs } from './known-logs.ts';
import { findLocalLogs, isSame } from './local-logs.ts';
import { peekIntoParts } from './peek-parts.ts';
import { readContents } from './read-contents.ts';
import { type FoundContents, recordContents } from './record-contents.ts';
import type { RecoveryLog, RecoveryPlan } from './recovery-plan.ts';
import { findStreamed } from './streamed-logs.ts';
import { describeChainEnd, nameOf } from './target-problems.ts';

export interface RecoveryOptions {
  /** Whose copies `latest` chooses from. */
  readonly host: string;
  /** A folder with more logs; undefined: only copies are used. */
  readonly moreLogs: string | undefined;
  /** Nothing is read but the statuses, what is stored in parts, and `moreLogs`; and nothing is changed. */
  readonly onlyStatuses: boolean;
}

/**
 * Finds the copy to restore and the logs to replay. `wanted` is what `ls` prints, or `latest`: the newest copy before the target. Logs whose contents no status records
 * are read once, and their entries completed. Throws a TwinDbError that says what is in the way, and what can be reached.
 */
export async function planRecovery(
  wanted: string,
  target: RecoveryTarget,
  options: RecoveryOptions,
  catalogue: Catalogue,
  context: JobContext,
): Promise<RecoveryPlan> {
  const chain = wanted === LATEST ? undefined : await findMysqlChain(wanted, catalogue);
  const named = chain && recordOfChain(chain, wanted);
  const host = named?.host ?? options.host;
  const copies = withoutTwins(await listNewestFirst(host, MYSQL, catalogue, context.now()));
  const logs = await findAllLogs(host, copies, options, catalogue, context);
  const choose = (known: readonly RecoveryLog[]): ChosenBase => chooseBase(copies, known, target, named);
  const chosen = options.onlyStatuses
    ? choose(await lookIntoParts(logs, target, context))
    : await chooseRead({ logs, target, host, choose }, context);
  const base = chain ?? (await findMysqlChain(keepLocalKey(chosen.copy.key), catalogue));
  if (!options.onlyStatuses) warnOfLimits(chosen, target, context);
  return describePlan(chosen, base, target);
}

/** Those that are stored as a whole, else in parts, and those in the folder that are longer. */
async function findAllLogs(
  host: string,
  copies: readonly MysqlCopy[],
  { moreLogs }: RecoveryOptions,
  catalogue: Catalogue,
  context: JobContext,
): Promise<RecoveryLog[]> {
  const stored = await findLogs(host, catalogue);
  const streamed = await findStreamed(host, { stored, copies }, context);
  if (moreLogs === undefined) return [...stored, ...streamed];
  const local = await findLocalLogs(moreLogs, [...stored, ...streamed], context);
  return [...stored, ...streamed.filter((log) => !local.some((more) => isSame(log, more))), ...local];
}

/** What a plan shows, and must not be missed in a recovery either. */
function warnOfLimits(
  { passedOver, ...track }: ChosenBase,
  target: RecoveryTarget,
  { log, integrity }: JobContext,
): void {
  const streamed = track.logs.slice(0, track.needed).find(({ source }) => source.kind === 'parts');
  if (streamed !== undefined && integrity.keys() !== undefined && !integrity.accept)
    log.warn(
      `${quoteLocation(streamed.name)} is stored in parts, which nothing signs: whoever can write to the destination may have made or changed them`,
    );
  for (const { copy, problem } of passedOver) log.warn(`${nameOf(copy)} is not used: ${problem}`);
  if (target.kind === 'latest' && track.end.isGap)
    log.warn(`There are later transactions, which cannot be reached: ${describeChainEnd(track)}`);
}

/** What the status says of the copy that was named. */
function recordOfChain({ full, incremental }: MysqlChain, wanted: string): MysqlCopy {
  const record = recordOf(incremental ?? full);
  if (record !== undefined) return record;
  throw new TwinDbError(
    `Nothing can be replayed on ${quoteLocation(wanted)}: no status lists it, so where in the binary logs it ends is not known`,
    {
      remedy:
        'twindb-backup check --adopt adds it to the status. Or restore it without --to-…: the steps at its end say how to go on.',
    },
  );
}

/** A copy may be at the destination and in keep_local_path. */
function withoutTwins(copies: readonly MysqlCopy[]): MysqlCopy[] {
  const seen = new Set<string>();
  return copies.filter(({ key }) => !seen.has(keepLocalKey(key)) && seen.add(keepLocalKey(key)));
}

interface Choosing {
  readonly logs: readonly RecoveryLog[];
  readonly target: RecoveryTarget;
  readonly host: string;
  readonly choose: (logs: readonly RecoveryLog[]) => ChosenBase;
}

/** Chooses until the contents of all logs that are needed are known: what is in them may show a gap, or lead to another copy. */
async function chooseRead(
  { logs, target, host, choose }: Choosing,
  context: JobContext,
): Promise<ChosenBase> {
  /** Those that were read, by their keys. */
  const found = new Map<string, RecoveryLog>();
  const withFound = () => logs.map((log) => found.get(log.key) ?? log);
  const read = async (some: readonly RecoveryLog[], isNeeded: boolean): Promise<void> => {
    for (const log of some) found.set(log.key, await readContents(log, target, isNeeded, context));
  };
  const isUnread = ({ key, contents }: RecoveryLog) => contents === undefined && !found.has(key);
  try {
    // Nothing but the contents tells which log has a transaction.
    if (target.kind === 'gtid') await read(logs.filter(isUnread), false);
    for (;;) {
      const chosen = choose(withFound());
      const unread = chosen.logs.slice(0, chosen.needed).filter(({ contents }) => contents === undefined);
      if (unread.length === 0) return chosen;
      await read(unread, true);
    }
  } finally {
    if (!context.signal.aborted) await recordContents(contentsOfCopies([...found.values()]), host, context);
  }
}

/** Parts have no entry that could be completed. */
function contentsOfCopies(logs: readonly RecoveryLog[]): FoundContents {
  const found = new Map<string, BinlogContents>();
  for (const { key, source, contents } of logs)
    if (source.kind === 'copy' && contents !== undefined) found.set(key, contents);
  return found;
}

/** What a plan needs to know of logs that are stored in parts. Only all of them tell whether they have a transaction. */
async function lookIntoParts(
  logs: readonly RecoveryLog[],
  target: RecoveryTarget,
  context: JobContext,
): Promise<RecoveryLog[]> {
  if (target.kind !== 'gtid') return await peekIntoParts(logs, context);
  const known: RecoveryLog[] = [];
  for (const log of logs)
    known.push(log.source.kind === 'parts' ? await readContents(log, target, false, context) : log);
  return known;
}

function describePlan(chosen: ChosenBase, base: MysqlChain, target: RecoveryTarget): RecoveryPlan {
  const { copy, start, logs, end, needed, passedOver } = chosen;
  const sizeOf = (candidates: MysqlChain['full'] | undefined) => candidates?.[0]?.object.size ?? 0;
  return {
    target,
    base,
    copy,
    start,
    logs,
    needed,
    end,
    passedOver: passedOver.map((each) => ({ key: keepLocalKey(each.copy.key), problem: each.problem })),
    reachable: {
      first: firstSecondOf(chosen),
      last: end.after === undefined ? copy.backupFinished : lastSecondOf(end.after),
    },
    sizes: {
      copies: sizeOf(base.full) + sizeOf(base.incremental),
      logs: logs.slice(0, needed).reduce((sum, { size }) => sum + size, 0),
    },
  };
}
