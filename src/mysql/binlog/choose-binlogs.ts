import { type BinlogCopy, compareBinlogNames, parseBinlogName } from '../../copies/binlog-copy.ts';

/** A binary log that the server has finished. */
export interface ServerBinlog {
  /** As in SHOW BINARY LOGS. */
  readonly name: string;
  /**
   * When the server began it, by its header, in seconds since the epoch. Only needed where a copy has the same name, to
   * tell whether it is of the same log; without it the name alone decides.
   */
  readonly timeCreated: number | undefined;
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
  readonly logs: readonly L[];
  readonly history: BinlogHistory;
}

interface ChoiceInput<L> {
  /** All closed logs of the server, the oldest first; the one being written is not among them. */
  readonly closedLogs: readonly L[];
  readonly serverIdentity: string;
  /** What the status of this host lists; copies of the Python tool don't tell the server and count as this one's. */
  readonly copies: readonly BinlogCopy[];
}

/** The closed logs that are newer than the last copied one of the same server. */
export function chooseBinlogs<L extends ServerBinlog>({
  closedLogs,
  serverIdentity,
  copies,
}: ChoiceInput<L>): BinlogChoice<L> {
  const own = copies.filter((copy) => (copy.serverIdentity ?? serverIdentity) === serverIdentity);
  const last = latestCopy(own);
  if (last === undefined) {
    const other = latestCopy(copies);
    const history: BinlogHistory = other ? { kind: 'other-server', after: other.binlog } : { kind: 'first' };
    return { logs: closedLogs, history };
  }
  const position = closedLogs.findLastIndex((log) => own.some((copy) => isCopyOf(copy, log)));
  const continued = closedLogs[position];
  if (continued) {
    return { logs: closedLogs.slice(position + 1), history: { kind: 'continued', after: continued.name } };
  }
  return { logs: closedLogs, history: relate(last.binlog, closedLogs[0]) };
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

/** The copy of the log that was begun last. Logs of one second are told apart by their numbers. */
function latestCopy(copies: readonly BinlogCopy[]): BinlogCopy | undefined {
  return copies
    .toSorted((a, b) => a.timeCreated - b.timeCreated || compareBinlogNames(a.binlog, b.binlog))
    .at(-1);
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
