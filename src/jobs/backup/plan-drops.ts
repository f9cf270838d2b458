import type { StreamedLog } from '../../catalogue/streamed-logs.ts';
import type { BinlogCopy } from '../../copies/binlog-copy.ts';
import { ownerMark } from '../../copies/streamed-part.ts';

/** What decides about parts. */
export interface DropPolicy {
  /** The complete logs that the status lists. */
  readonly sealed: readonly Pick<BinlogCopy, 'binlog' | 'timeCreated' | 'serverIdentity'>[];
  /** The server whose logs those of `sizes` are. */
  readonly serverIdentity: string;
  /** Bytes of the closed logs that the server has, by their names. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly expireLogDays: number;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** Objects to delete, in this order. */
export interface Drop {
  readonly log: StreamedLog;
  readonly keys: readonly string[];
}

const DAY = 24 * 3600;

/**
 * Which parts may be deleted: those that a complete log has, and all of a log that the server does not have any more and to which nothing was added for
 * longer than logs are kept.
 *
 * A server that died without sync_binlog=1 may have lost what is in parts: those behind its end stay until they are too old. While the server
 * has the log its size tells. Later they show by the hole in front of them: what is deleted goes from its end to its beginning, so no
 * deletion that was interrupted leaves such a hole elsewhere.
 */
export function planDrops(streamed: readonly StreamedLog[], policy: DropPolicy): Drop[] {
  const own = streamed.filter((log) => isOwn(log, policy));
  const newest = Math.max(...own.map(({ timeCreated }) => timeCreated));
  // A server that is idle for long may be writing it still, and be followed.
  const isPresent = (log: StreamedLog) =>
    isOwn(log, policy) && (log.timeCreated === newest || policy.sizes.has(log.binlog));
  return streamed.flatMap((log) => {
    const keys = isExpired(log, policy) && !isPresent(log) ? log.keys : dropsOf(log, policy);
    return keys.length > 0 ? [{ log, keys }] : [];
  });
}

function dropsOf(log: StreamedLog, policy: DropPolicy): readonly string[] {
  if (!isSealed(log, policy)) return [];
  const parts = [...log.parts, ...log.rest].toSorted((a, b) => b.from - a.from || b.to - a.to);
  const size = sizeOf(log, policy);
  const covered = parts.filter(({ to }) => to <= size);
  if (covered.length < parts.length) return covered.map(({ key }) => key);
  // Last, what says whose they are.
  const others = log.keys.filter((key) => !parts.some((part) => part.key === key));
  return [...parts.map(({ key }) => key), ...others];
}

function isExpired({ modified }: StreamedLog, { expireLogDays, now }: DropPolicy): boolean {
  return modified / 1000 < now - expireLogDays * DAY;
}

/** Whether a log is of the server; also one of which nothing says whose it is. */
function isOwn({ mark }: StreamedLog, { serverIdentity }: DropPolicy): boolean {
  return mark === undefined || mark === ownerMark(serverIdentity);
}

function isSealed({ binlog, timeCreated, mark }: StreamedLog, { sealed }: DropPolicy): boolean {
  return sealed.some(
    (copy) =>
      copy.binlog === binlog &&
      copy.timeCreated === timeCreated &&
      (mark === undefined || copy.serverIdentity === undefined || ownerMark(copy.serverIdentity) === mark),
  );
}

/** Bytes of the complete log. Where they are not known: all, or none of a log whose beginning is deleted already. */
function sizeOf(log: StreamedLog, policy: DropPolicy): number {
  const size = isOwn(log, policy) ? policy.sizes.get(log.binlog) : undefined;
  return size ?? (log.end > 0 ? Number.POSITIVE_INFINITY : 0);
}
