import { createReadStream } from 'node:fs';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { MAGIC_LENGTH } from '../../mysql/binlog/binlog-header.ts';
import { BinlogScanner } from '../../mysql/binlog/binlog-scanner.ts';
import { EventWalker } from '../../mysql/binlog/event-walker.ts';
import type { GroupSpan } from '../../mysql/binlog/group-tracker.ts';

/** Types of events: a number for the next statement, and LOAD DATA. Source: log_event_type in MySQL's source code. */
const INTVAR = 5;
const EXECUTE_LOAD = 18;

/** What of a log is wanted: bytes from its beginning, both where a transaction begins or ends. */
export interface Span {
  readonly from: number;
  /** Undefined: all of it. */
  readonly to: number | undefined;
}

/** What a file has, as far as it is complete. */
export interface WholeLog {
  /** Its bytes. */
  readonly size: number;
  /** Where to end: as wanted, or behind the last complete transaction. */
  readonly end: number;
  /** Complete ones in the span. */
  readonly transactions: number;
  /** Bytes behind the last complete transaction of a log that was cut short, where that belongs to the span; else 0. */
  readonly torn: number;
  /** LOAD DATA in statement format whose first row got a number of AUTO_INCREMENT, in the whole log. */
  readonly numberedLoads: number;
  /** The GTIDs before its first and after its last complete transaction; undefined where it does not say. */
  readonly gtidStart: string | undefined;
  readonly gtidEnd: string | undefined;
}

/**
 * Looks a log through that is about to be replayed, as a program would notice only in the middle what is wrong with it, or not at all. Throws a TwinDbError
 * for one that cannot be read, is encrypted, or has no transaction that ends where the span does.
 */
export async function scanFile(
  path: string,
  binlog: string,
  { from, to }: Span,
  signal: AbortSignal,
): Promise<WholeLog> {
  const name = quoteLocation(binlog);
  let transactions = 0;
  let whole = 0;
  let isInside = false;
  const scanner = new BinlogScanner(({ start, end }: GroupSpan) => {
    whole = end;
    if (start >= from && (to === undefined || end <= to)) transactions += 1;
    if (to !== undefined && start < to && to < end) isInside = true;
  });
  let numberedLoads = 0;
  let lastType = 0;
  const walker = new EventWalker(
    () => false,
    ({ type }) => {
      if (type === EXECUTE_LOAD && lastType === INTVAR) numberedLoads += 1;
      lastType = type;
    },
  );
  let size = 0;
  for await (const bytes of createReadStream(path, {
    highWaterMark: 1 << 20,
    signal,
  }) as AsyncIterable<Buffer>) {
    scanner.feed(bytes);
    walker.feed(bytes);
    size += bytes.length;
  }
  const scan = scanner.result();
  if (scan.kind === 'encrypted') {
    throw new TwinDbError(`The log ${name} is encrypted by the server that wrote it`, {
      remedy:
        'Only a server that has its key can read it: docs/recovery.md tells how. Restore to a target before it.',
    });
  }
  if (scan.kind === 'unreadable') {
    throw new TwinDbError(`The log ${name} cannot be read: ${scan.reason}`, {
      remedy: 'Restore to a target before it.',
    });
  }
  const isTorn = !scanner.isWhole || scanner.openGroup !== undefined;
  const end = to ?? (isTorn ? Math.max(whole, from) : size);
  const last = isTorn ? Math.max(whole, MAGIC_LENGTH) : size;
  if (isInside || Math.max(from, to ?? 0) > last) {
    throw new TwinDbError(
      `The log ${name} has no transaction that ends at position ${to ?? from}: of its ${size} bytes the complete ones end at ${whole}`,
      { remedy: 'Restore to a target before that.' },
    );
  }
  const { gtidStart, gtidEnd } = scan.contents;
  const torn = to === undefined && isTorn ? size - end : 0;
  return { size, end, transactions, torn, numberedLoads, gtidStart, gtidEnd };
}
