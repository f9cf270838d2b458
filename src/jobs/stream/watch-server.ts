import { setTimeout as delay } from 'node:timers/promises';
import { parseBinlogName } from '../../copies/binlog-copy.ts';
import { TwinDbError } from '../../errors.ts';
import type { MysqlServer } from '../../mysql/server/server.ts';

/** How often the server is asked, in milliseconds. */
const POLL_MS = 5000;

/** Up to where the binary logs go. */
export interface LogEnd {
  readonly binlog: string;
  readonly position: number;
}

interface StatusRow {
  readonly File?: string;
  readonly Position?: string;
}

/** For how many times of asking it may stay where it is while the server writes on. */
const PATIENCE = 2;

/** Where both were when the followed one was first seen to be behind at the place where it is. */
interface Standstill {
  readonly ours: LogEnd;
  readonly theirs: LogEnd;
  readonly polls: number;
}

/**
 * Asks the server now and then up to where its log goes, and returns what is wrong when that shows that it sends what is in no log of its own any more:
 * after RESET MASTER a server may send nothing to those who follow it, and not say why. `followed` tells up to where it was sent, and is
 * undefined while nobody waits for more. Throws the reason of the signal.
 */
export async function watchServer(
  server: Pick<MysqlServer, 'query' | 'flavour'>,
  followed: () => LogEnd | undefined,
  signal: AbortSignal,
): Promise<TwinDbError> {
  let still: Standstill | undefined;
  for (;;) {
    await delay(POLL_MS, undefined, { signal });
    // Looked at first: meanwhile the server writes more, and never less.
    const ours = followed();
    const theirs = await askEnd(server, signal);
    if (theirs === undefined) continue;
    if (ours !== undefined && isBehind(theirs, ours)) return lost(ours, theirs, 'which is less');
    still = stillAt(still, ours, theirs);
    if (ours !== undefined && still !== undefined && still.polls > PATIENCE && !isEqual(still.theirs, theirs))
      return lost(ours, theirs, 'and sends nothing');
  }
}

/** Undefined when the server cannot be asked: then those who follow it have lost it too, or it can be the next time. */
async function askEnd(
  server: Pick<MysqlServer, 'query' | 'flavour'>,
  signal: AbortSignal,
): Promise<LogEnd | undefined> {
  try {
    const [row] = await server.query<StatusRow>(server.flavour.sql.binlogStatus);
    return { binlog: row?.File ?? '', position: Number(row?.Position) };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function stillAt(
  before: Standstill | undefined,
  ours: LogEnd | undefined,
  theirs: LogEnd,
): Standstill | undefined {
  if (ours === undefined || isEqual(ours, theirs)) return undefined;
  if (before === undefined || !isEqual(before.ours, ours)) return { ours, theirs, polls: 1 };
  return { ...before, polls: before.polls + 1 };
}

function lost(ours: LogEnd, theirs: LogEnd, why: string): TwinDbError {
  return new TwinDbError(
    `The server has sent its log up to ${ours.binlog}:${ours.position}; it says that it is at ${theirs.binlog}:${theirs.position}, ${why}`,
  );
}

function isEqual(a: LogEnd, b: LogEnd): boolean {
  return a.binlog === b.binlog && a.position === b.position;
}

/** Whether a place lies in front of another one; not known of logs with different names but for their number. */
function isBehind(a: LogEnd, b: LogEnd): boolean {
  if (a.binlog === b.binlog) return a.position < b.position;
  const [left, right] = [parseBinlogName(a.binlog), parseBinlogName(b.binlog)];
  return left !== undefined && left.base === right?.base && left.number < right.number;
}
