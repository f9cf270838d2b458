import { compareBinlogNames, parseBinlogName } from '../../copies/binlog-copy.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { planReplay } from '../../mysql/binlog/plan-replay.ts';
import type { ChainEnd, ListedLog, RecoveryLog, ReplayStart, UsableParts } from './recovery-plan.ts';

/** A copy of the data, and the logs that follow it without a gap. */
export interface Track<L extends ListedLog = RecoveryLog> {
  readonly copy: MysqlCopy;
  readonly start: ReplayStart;
  /** The oldest first; the start is in the first one. */
  readonly logs: readonly L[];
  readonly end: ChainEnd<L>;
}

/** Why nothing can be replayed on a copy, as a sentence without its period. */
export interface NoTrack {
  readonly copy: MysqlCopy;
  readonly problem: string;
}

/** Which logs follow a copy of the data. Without a break means: no number is missing, and each begins with the GTIDs that the one before it ended with. */
export function followCopy<L extends ListedLog>(copy: MysqlCopy, logs: readonly L[]): Track<L> | NoTrack {
  const { binlog, position, gtid } = copy;
  if (binlog === undefined || position === undefined) {
    return { copy, problem: 'its status entry does not say where in the binary logs it ends' };
  }
  const start = { binlog, position, gtid };
  const plan = planReplay({ ...copy, binlog }, logs);
  switch (plan.kind) {
    case 'unsure':
      return { copy, problem: `which of the logs called ${quoteLocation(binlog)} continues it is not known` };
    case 'not-copied':
      return { copy, start, logs: [], end: notCopied(copy, binlog, logs) };
    case 'known': {
      const [first] = plan.logs;
      if (first.parts !== undefined && first.parts.end < position)
        return { copy, start, logs: [], end: partsEndBefore(first, first.parts, plan) };
      const whole = untilBreak(plan.logs);
      const rest = [...plan.logs.slice(whole.logs.length), ...plan.beyond];
      return { copy, start, logs: whole.logs, end: whole.end ?? endOf(whole.logs.at(-1), rest[0]) };
    }
  }
}

export function hasTrack<L extends ListedLog>(track: Track<L> | NoTrack): track is Track<L> {
  return !('problem' in track);
}

function notCopied(
  { backupFinished }: MysqlCopy,
  binlog: string,
  logs: readonly ListedLog[],
): ChainEnd<never> {
  return {
    after: undefined,
    reason: `${quoteLocation(binlog)}, in which the copy ends, has not been copied`,
    isGap: logs.some(({ timeCreated = 0 }) => timeCreated > backupFinished),
  };
}

/** The logs up to the first one of which the contents show that it does not follow. */
function untilBreak<L extends ListedLog>(logs: readonly L[]): { logs: readonly L[]; end?: ChainEnd<L> } {
  for (const [index, next] of logs.entries()) {
    const last = logs[index - 1];
    const reason =
      last && (findBreak(last, next) ?? (next.parts?.end === 0 ? next.parts.problem : undefined));
    if (reason !== undefined)
      return { logs: logs.slice(0, index), end: { after: last, reason, isGap: true } };
    const problem = next.parts?.problem;
    if (problem !== undefined)
      return { logs: logs.slice(0, index + 1), end: { after: next, reason: problem, isGap: true } };
  }
  return { logs };
}

/** The log in which a copy ends is stored in parts, and they end before that. */
function partsEndBefore(
  { binlog }: ListedLog,
  { end, problem }: UsableParts,
  { logs, beyond }: { readonly logs: readonly ListedLog[]; readonly beyond: readonly ListedLog[] },
): ChainEnd<never> {
  const reason = `${quoteLocation(binlog)}, in which the copy ends, is stored up to position ${end} only`;
  return {
    after: undefined,
    reason: problem === undefined ? reason : `${reason}: ${problem}`,
    isGap: problem !== undefined || logs.length > 1 || beyond.length > 0,
  };
}

/** Why a log does not follow the one before it, although its number does; undefined when nothing shows that. */
function findBreak(last: ListedLog, next: ListedLog): string | undefined {
  const [before, after] = [last.contents, next.contents];
  if (before === undefined || after === undefined) return undefined;
  const [ended, begins] = [before.gtidEnd, after.gtidStart];
  if (ended !== undefined && begins !== undefined && ended !== begins) {
    return `${quoteLocation(last.name)} ends with the GTIDs ${sayGtids(ended)}, and ${quoteLocation(next.name)} begins with ${sayGtids(begins)}`;
  }
  if (isOtherServer(last, next)) {
    return `${quoteLocation(next.name)} was written by a server with server_id ${after.serverId}, and ${quoteLocation(last.name)} by one with ${before.serverId}`;
  }
  if (before.nextBinlog === undefined || before.nextBinlog === next.binlog) return undefined;
  return `the server went on from ${quoteLocation(last.name)} to ${quoteLocation(before.nextBinlog)}, and there is only a ${quoteLocation(next.name)}`;
}

/** Whether nothing shows that two logs are of one server, and their server_id that they are not. It may be changed, so that what names the server itself counts more. */
function isOtherServer(last: ListedLog, next: ListedLog): boolean {
  const [before, after] = [last.contents, next.contents];
  if (before?.serverId === after?.serverId) return false;
  const isSame = last.serverIdentity !== undefined && last.serverIdentity === next.serverIdentity;
  return !isSame && (after?.gtidStart ?? '') === '';
}

function sayGtids(gtids: string): string {
  return gtids === '' ? 'none' : quoteLocation(gtids);
}

/** `next` is the first log that was begun later. */
function endOf<L extends ListedLog>(after: L | undefined, next: L | undefined): ChainEnd<L> {
  if (next === undefined) {
    const reason =
      after?.parts === undefined
        ? 'no later log has been copied'
        : `${quoteLocation(after.name)} is stored in parts, up to position ${after.parts.end}, and nothing later is`;
    return { after, reason, isGap: false };
  }
  return { after, reason: whyNot(after, next), isGap: true };
}

function whyNot(last: ListedLog | undefined, next: ListedLog): string {
  const name = quoteLocation(next.name);
  const [before, behind] = [parseBinlogName(last?.binlog ?? ''), parseBinlogName(next.binlog)];
  if (last === undefined || before === undefined || behind === undefined) return `${name} does not follow`;
  if (last.serverIdentity !== next.serverIdentity && next.serverIdentity !== undefined) {
    return `${name} was written by another server, or by this one after its data were made again`;
  }
  if (before.base !== behind.base) return `the next log, ${name}, has another log_bin name`;
  const missing = behind.number - before.number - 1;
  if (compareBinlogNames(last.binlog, next.binlog) < 0 && missing > 0) {
    const digits = /\d+$/.exec(last.binlog)?.[0].length ?? 6;
    const nameOf = (number: number) =>
      quoteLocation(`${before.base}.${String(number).padStart(digits, '0')}`);
    return missing === 1
      ? `${nameOf(before.number + 1)} is missing among the copies`
      : `${missing} logs are missing among the copies, ${nameOf(before.number + 1)} to ${nameOf(behind.number - 1)}`;
  }
  return `the server began its logs again with ${name} (RESET MASTER, or restored data)`;
}
