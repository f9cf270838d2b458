import type { StreamedLog } from '../../catalogue/streamed-logs.ts';
import type { BinlogContents } from '../../copies/binlog-contents.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError } from '../../errors.ts';
import { BinlogScanner } from '../../mysql/binlog/binlog-scanner.ts';
import type { JobContext } from '../job-context.ts';
import { readPart } from '../stream/feed-parts.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** A clock of a destination may be wrong by as much. Seconds. */
const DAY = 24 * 3600;

/**
 * Adds to logs that are stored in parts what their first and last parts show: the GTIDs before them, and until when they were written. No status records it, and to read
 * all of a log would take long. Best effort: parts that cannot be read here, as the key is missing, leave it unknown.
 */
export async function peekIntoParts(
  logs: readonly RecoveryLog[],
  context: JobContext,
): Promise<RecoveryLog[]> {
  const peeked: RecoveryLog[] = [];
  for (const log of logs) {
    const { source } = log;
    const isNews = source.kind === 'parts' && log.contents === undefined;
    peeked.push(isNews ? { ...log, contents: await peek(source.log, context) } : log);
  }
  return peeked;
}

async function peek(log: StreamedLog, context: JobContext): Promise<BinlogContents | undefined> {
  const { parts } = log;
  const scanner = new BinlogScanner();
  const ends = [parts[0], ...(parts.length > 1 ? [parts.at(-1)] : [])];
  try {
    for (const [index, part] of ends.entries())
      if (part !== undefined) await readPart(part, (bytes) => scanner.feed(bytes), index > 0, context);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn(
      `Until when ${quoteLocation(log.binlog)}, which is stored in parts, was written is not known: ${describeError(error)}`,
    );
    return undefined;
  }
  const scan = scanner.result();
  if (scan.kind !== 'read') return undefined;
  const { lastTime } = scan.contents;
  // A part may begin within a transaction: what has another meaning there shows by its time.
  const isPossible = lastTime !== undefined && lastTime <= log.modified / 1000 + DAY;
  return {
    ...scan.contents,
    lastTime: isPossible ? lastTime : undefined,
    // What is between the two was not seen.
    ...(parts.length > 2 ? { gtidEnd: undefined, transactions: undefined } : {}),
  };
}
