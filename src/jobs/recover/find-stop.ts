import { quoteLocation } from '../../copies/quote-location.ts';
import { MAGIC_LENGTH } from '../../mysql/binlog/binlog-header.ts';
import type { OpenGroup } from '../../mysql/binlog/group-tracker.ts';
import { formatGtid } from '../../mysql/binlog/gtid-text.ts';
import { type LogFindings, LogSearch } from '../../mysql/binlog/log-search.ts';
import { windowOf } from '../../mysql/binlog/log-times.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import type { JobContext } from '../job-context.ts';
import { readLog } from './read-log.ts';
import type { GroupMark, RecoveryLog, RecoveryPlan, StopPoint } from './recovery-plan.ts';
import { type Before, markEnd, type Searched, sayMark, stopAt } from './stop-point.ts';
import { cannot, describeReach, unusableLog } from './target-problems.ts';

/** How far the clock of a server may be before ours: of a log that was not closed nothing else tells which times its commits cannot have had. Seconds. */
const CLOCKS_APART = 86_400;

/**
 * Finds the end of the last transaction that belongs to the target: streams the log that holds it, and those behind it until it is found. Throws a TwinDbError when the
 * logs end before the target, or it is inside a transaction, and says what is near.
 */
export async function findStop(plan: RecoveryPlan, context: JobContext): Promise<StopPoint> {
  if (plan.needed === 0) return atTheCopy(plan);
  let before = withoutSearch(plan);
  for (let index = plan.needed - 1; index < plan.logs.length; index += 1) {
    const searched = await searchLog(plan, index, context);
    const stop = stopIn(searched, before, plan);
    if (stop !== undefined) {
      return stop.lastIncluded === undefined && stop.transactions === undefined
        ? { ...stop, lastIncluded: await lastBefore(plan, index, context) }
        : stop;
    }
    before = addUp(before, searched);
  }
  throw afterAll(plan, before);
}

/** The last transaction in front of a log whose own ones are all left out; undefined: there is none behind the copy. */
async function lastBefore(
  plan: RecoveryPlan,
  index: number,
  context: JobContext,
): Promise<GroupMark | undefined> {
  for (let at = index - 1; at >= 0; at -= 1) {
    const log = plan.logs[at] as RecoveryLog;
    if (log.contents !== undefined && log.contents.lastTime === undefined) continue;
    const all = { ...plan, target: { kind: 'latest' } } as const;
    const { lastIncluded } = (await searchLog(all, at, context)).findings.end;
    if (lastIncluded !== undefined) return markEnd(log, lastIncluded);
  }
  return undefined;
}

/** The copy ends at the target. */
function atTheCopy({ start, copy }: RecoveryPlan): StopPoint {
  return {
    logs: [],
    stopPosition: undefined,
    lastIncluded: undefined,
    firstLeftOut: undefined,
    transactions: 0,
    gtidState: start.gtid ?? copy.gtid,
    foreignTimes: 0,
    torn: undefined,
  };
}

/** Of the logs that are not searched only the first one counts in part, so it has to be read for a number. */
function withoutSearch({ needed, logs }: RecoveryPlan): Before {
  const passed = logs.slice(0, needed - 1);
  return { lastIncluded: undefined, transactions: passed.length === 0 ? 0 : undefined, foreignTimes: 0 };
}

function addUp(before: Before, { log, findings }: Searched): Before {
  const { lastIncluded, transactions, foreignTimes } = findings.end;
  return {
    lastIncluded: lastIncluded === undefined ? before.lastIncluded : markEnd(log, lastIncluded),
    transactions: before.transactions === undefined ? undefined : before.transactions + transactions,
    foreignTimes: before.foreignTimes + foreignTimes,
  };
}

async function searchLog(
  { logs, start, target }: RecoveryPlan,
  index: number,
  context: JobContext,
): Promise<Searched> {
  const log = logs[index] as RecoveryLog;
  const question = {
    target,
    from: index === 0 ? start.position : MAGIC_LENGTH,
    window: windowOf(log, logs[index + 1], logs[index + 2]),
  };
  let search = new LogSearch(question);
  context.log.debug(`Looking for the target in ${quoteLocation(log.key)}`);
  const { scan, scanner, size } = await readLog(log.source, context, (reading) => {
    search = new LogSearch(question);
    return (group) => search.take(group, () => reading.gtidState);
  });
  if (scan.kind !== 'read') throw unusableLog(log, target, scan);
  const { closedTime: closed } = scan.contents;
  const findings = search.result(scanner.gtidState, closed ?? context.now().getTime() / 1000 + CLOCKS_APART);
  requireOwnPosition(log, question.from, size, findings, target);
  const open = scanner.openGroup;
  return {
    index,
    log,
    findings,
    from: question.from,
    size,
    open,
    isTorn: !scanner.isWhole || open !== undefined,
    closed,
  };
}

/** The position of the copy is the end of a transaction in the log that it names, unless that is another log of the name. */
function requireOwnPosition(
  log: RecoveryLog,
  from: number,
  size: number,
  { brokenStart }: LogFindings,
  target: RecoveryTarget,
): void {
  if (brokenStart === undefined && from <= size) return;
  throw cannot(
    target,
    `position ${from}, where the copy ends, is ${from > size ? `behind the end of ${quoteLocation(log.name)}, which has ${size} bytes` : `inside a transaction of ${quoteLocation(log.name)}`}: that is not the log that the server was writing then`,
    { remedy: 'Name another copy; twindb-backup ls --type mysql shows them.' },
  );
}

/** Where to stop in a log; undefined: go on with the next one. Throws when the target cannot be reached. */
function stopIn(searched: Searched, before: Before, plan: RecoveryPlan): StopPoint | undefined {
  const { index, log, findings, size, closed, open } = searched;
  const { target, logs } = plan;
  const isLast = index === logs.length - 1;
  if (findings.alreadyIn !== undefined) throw copyTooLate(plan, markEnd(log, findings.alreadyIn));
  switch (target.kind) {
    case 'latest':
      return isLast ? stopAt(searched, findings.end, before, plan) : undefined;
    case 'gtid':
      if (!findings.hasTarget) return undefined;
      return stopAt(searched, findings.cut ?? findings.end, before, plan);
    case 'position': {
      if (findings.around !== undefined) throw insideGroup(plan, log, findings.around);
      if (open !== undefined && open.start < target.position) throw insideTorn(plan, searched, open);
      if (target.position > size) {
        throw cannot(target, `${quoteLocation(log.name)} has ${size} bytes`, {
          remedy: `The end of its last transaction is ${sayMark(lastMark(searched, before))}.`,
        });
      }
      return stopAt(searched, findings.cut ?? findings.end, before, plan);
    }
    case 'time': {
      if (findings.cut !== undefined) return stopAt(searched, findings.cut, before, plan);
      if (!isLast) return undefined;
      // What was committed later within that second is in the next log, which is not there.
      const isCovered = closed !== undefined && target.at <= closed * 1_000_000;
      return isCovered || (open !== undefined && open.time >= target.at)
        ? stopAt(searched, findings.end, before, plan)
        : undefined;
    }
  }
}

function lastMark({ log, findings }: Searched, { lastIncluded }: Before): GroupMark {
  const last = findings.end.lastIncluded;
  if (last !== undefined) return markEnd(log, last);
  return lastIncluded ?? { gtid: undefined, time: 0, binlog: log.binlog, position: MAGIC_LENGTH };
}

function copyTooLate({ target, copy }: RecoveryPlan, held: GroupMark): Error {
  return cannot(target, `${quoteLocation(copy.key)} already holds the transaction ${sayMark(held)}`, {
    remedy: 'Name an older copy; twindb-backup ls --type mysql shows them.',
  });
}

function insideGroup({ target, start }: RecoveryPlan, log: RecoveryLog, group: OpenGroup & { end: number }) {
  const at = (position: number) => `${quoteLocation(log.binlog)}:${position}`;
  const name = group.gtid === undefined ? 'a transaction' : `the transaction ${formatGtid(group.gtid)}`;
  const before = group.start < start.position && log.binlog === start.binlog ? undefined : at(group.start);
  return cannot(target, `that is inside ${name}`, {
    remedy: `Its ends can be reached: ${before === undefined ? '' : `${before}, which leaves it out, and `}${at(group.end)}, which includes it.`,
  });
}

function insideTorn({ target }: RecoveryPlan, { log }: Searched, open: OpenGroup): Error {
  return cannot(target, `that is inside a transaction that ${quoteLocation(log.name)} was cut off in`, {
    remedy: `The last position that can be reached is ${quoteLocation(log.binlog)}:${open.start}.`,
  });
}

function afterAll(plan: RecoveryPlan, { lastIncluded }: Before): Error {
  const { target, end } = plan;
  const last = lastIncluded === undefined ? '' : ` Its last transaction is ${sayMark(lastIncluded)}.`;
  return cannot(target, end.isGap ? end.reason : `the logs end before it`, {
    remedy: `The latest that can be reached is ${describeReach(plan)}.${last} --to-latest takes all there is.`,
  });
}
