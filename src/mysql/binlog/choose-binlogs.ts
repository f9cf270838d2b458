import { type BinlogCopy, parseBinlogName } from '../../copies/binlog-copy.ts';
import { lastCopied } from '../../retention/plan-binlogs.ts';

/** A binary log that the server has finished. */
export interface ServerBinlog {
  /** As in SHOW BINARY LOGS. */
  readonly name: string;
  /**
   * When the server began it, by its header, in seconds since the epoch. Only needed where a copy has the same name, to
   * tell whether it is of the same log; without it the name alone decides.
   */
  readonly timeCreated: number | undefined;
  /** The server lists the log, but its file was removed or emptied by hand. */
  readonly isMissing: boolean;
}

/** What has become of the server's logs since the last one was copied. */
export type BinlogHistory =
  /** No log of this host was copied before. */
  | { readonly kind: 'first' }
  /** The server goes on where the copies end. */
  | { readonly kind: 'continued'; readonly after: string }
  /** Logs after the last copied one were purged before they were copied. */
  | { readonly kind: 'gap'; readonly after: string; readonly missing: number }
  /** The server's logs began anew: RESET MASTER, or log_bin has another name. */
  | { readonly kind: 'reset'; readonly after: string }
  /** The copies are of another server, or of this one before it was initialised anew. */
  | { readonly kind: 'other-server'; readonly after: string };

export interface BinlogChoice<L> {
  /** The logs to copy, in this order, so that a failure leaves no hole behind the last copied one. */
  readonly logs: readonly ChosenBinlog<L>[];
  readonly history: BinlogHistory;
}

/** A log to copy. */
export interface ChosenBinlog<L> {
  readonly log: L;
  /** The log before it, which was copied or is to be copied, where logs between the two are missing. */
  readonly gapAfter: string | undefined;
  /** The logs right before it that are missing although the server has not purged them. */
  readonly removed: readonly string[];
}

interface ChoiceInput<L> {
  /** All closed logs of the server, the oldest first; the one being written is not among them. */
  readonly closedLogs: readonly L[];
  readonly serverIdentity: string;
  /** What the status of this host lists; copies of the Python tool don't tell the server and count as this one's. */
  readonly copies: readonly BinlogCopy[];
  /** Seconds since the epoch. */
  readonly now: number;
}

/** The closed logs that are newer than the last copied one of the same server. */
export function chooseBinlogs<L extends ServerBinlog>({
  closedLogs,
  serverIdentity,
  copies,
  now,
}: ChoiceInput<L>): BinlogChoice<L> {
  const own = copies.filter((copy) => (copy.serverIdentity ?? serverIdentity) === serverIdentity);
  const last = lastCopied(own, now);
  if (last === undefined) {
    const other = lastCopied(copies, now);
    const history: BinlogHistory = other ? { kind: 'other-server', after: other.binlog } : { kind: 'first' };
    return { logs: passOverMissing(closedLogs, history), history };
  }
  const isCopied = (log: L) => own.some((copy) => isCopyOf(copy, log));
  // A log whose file is missing has no time. Where another shows that the names began anew, its name alone says nothing.
  const isRenumbered = closedLogs.some(
    (log) => !log.isMissing && !isCopied(log) && own.some((copy) => copy.binlog === log.name),
  );
  const position = closedLogs.findLastIndex((log) => !(log.isMissing && isRenumbered) && isCopied(log));
  const continued = closedLogs[position];
  const history: BinlogHistory = continued
    ? { kind: 'continued', after: continued.name }
    : relate(last.binlog, closedLogs[0]);
  return { logs: passOverMissing(closedLogs.slice(position + 1), history), history };
}

/** The logs whose files are there, each with the gap before it. */
function passOverMissing<L extends ServerBinlog>(
  newer: readonly L[],
  history: BinlogHistory,
): ChosenBinlog<L>[] {
  const chosen: ChosenBinlog<L>[] = [];
  let previous = history.kind === 'continued' || history.kind === 'gap' ? history.after : undefined;
  let isGap = history.kind === 'gap';
  let removed: string[] = [];
  for (const log of newer) {
    if (log.isMissing) removed.push(log.name);
    else {
      chosen.push({ log, gapAfter: isGap || removed.length > 0 ? previous : undefined, removed });
      [previous, isGap, removed] = [log.name, false, []];
    }
  }
  return chosen;
}

/**
 * The server's names that copies have, newest first: only these logs need their time. Once one has the time of its copy,
 * the older ones don't matter.
 */
export function namesToCompare(
  closedLogs: readonly Pick<ServerBinlog, 'name'>[],
  copies: readonly BinlogCopy[],
): string[] {
  const copied = new Set(copies.map(({ binlog }) => binlog));
  return closedLogs
    .map(({ name }) => name)
    .filter((name) => copied.has(name))
    .toReversed();
}

function isCopyOf(copy: BinlogCopy, log: ServerBinlog): boolean {
  return copy.binlog === log.name && (log.timeCreated ?? copy.timeCreated) === copy.timeCreated;
}

/** How the server's first log relates to the last copied one, which the server no longer has. */
function relate(after: string, first: ServerBinlog | undefined): BinlogHistory {
  const [last, next] = [parseBinlogName(after), first && parseBinlogName(first.name)];
  // No log, or a name no server gives: nothing shows that anything is missing.
  if (last === undefined || next === undefined) return { kind: 'continued', after };
  if (last.base !== next.base || next.number <= last.number) return { kind: 'reset', after };
  const missing = next.number - last.number - 1;
  return missing > 0 ? { kind: 'gap', after, missing } : { kind: 'continued', after };
}

/** What to tell the operator: whatever may have lost changes is a warning. */
export function describeHistory(history: BinlogHistory): {
  readonly level: 'debug' | 'warn';
  readonly message: string;
} {
  switch (history.kind) {
    case 'first':
      return { level: 'debug', message: 'No binary log was copied before: all closed ones are' };
    case 'continued':
      return { level: 'debug', message: `Binary logs after ${history.after} are copied` };
    case 'gap':
      return {
        level: 'warn',
        message:
          `The server purged ${history.missing} binary log${history.missing === 1 ? '' : 's'} after ${history.after} before ` +
          'they were copied: no point in time between that log and the next full or incremental copy can be restored. ' +
          'Back up more often, or let the server keep its logs longer',
      };
    case 'reset':
      return {
        level: 'warn',
        message:
          `The server's binary logs began anew after ${history.after} (RESET MASTER, or another log_bin): ` +
          'changes that it made after that log and before that moment may be in no copy',
      };
    case 'other-server':
      return {
        level: 'warn',
        message: `The binary logs copied so far, up to ${history.after}, are of another server: all closed ones of this server are copied`,
      };
  }
}

/** What to tell the operator of the logs that were removed by hand right before this one; undefined when none was. */
export function describeRemoved({
  log: { name },
  gapAfter,
  removed,
}: ChosenBinlog<Pick<ServerBinlog, 'name'>>): string | undefined {
  const [first] = removed;
  if (first === undefined) return undefined;
  const missing =
    removed.length === 1
      ? `${first}, but its file was removed before it was`
      : `${first} to ${removed.at(-1)}, but their files were removed before they were`;
  return (
    `The server still lists ${missing} copied: no point in time between ${gapAfter ?? first} and the next full or incremental ` +
    `copy can be restored. PURGE BINARY LOGS TO ${quoteSql(name)} makes the server forget what is missing; it deletes every log ` +
    `before ${name}, so make sure first that no replica needs one`
  );
}

function quoteSql(name: string): string {
  return `'${name.replaceAll(/['\\]/g, '$&$&')}'`;
}
