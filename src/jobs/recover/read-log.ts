import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { type BinlogScan, BinlogScanner } from '../../mysql/binlog/binlog-scanner.ts';
import type { GroupSpan } from '../../mysql/binlog/group-tracker.ts';
import type { JobContext } from '../job-context.ts';
import { readCandidates } from '../restore/read-candidates.ts';
import { feedParts } from '../stream/feed-parts.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** A log that was read to its end. */
export interface ReadLog {
  readonly scan: BinlogScan;
  readonly scanner: BinlogScanner;
  /** Bytes of the log. */
  readonly size: number;
}

/** Gets the transactions of a log; a new one for each attempt to read it. */
type Listener = (scanner: BinlogScanner) => (group: GroupSpan) => void;

/**
 * Streams a log through the scanner, from the first place where its copy is intact, without keeping it. Throws when it cannot be read, of parts as
 * `feedParts`; what is in it is for the caller to judge.
 */
export async function readLog(
  source: RecoveryLog['source'],
  context: JobContext,
  listen?: Listener,
): Promise<ReadLog> {
  let read = scanInto(listen);
  if (source.kind === 'copy') {
    const { candidates } = source.binlog;
    const stages = (): [Writable] => [(read = scanInto(listen)).writable];
    await readCandidates({ candidates, verb: 'list', stages }, context);
  } else if (source.kind === 'parts') {
    await feedParts(source.log, read.take, context);
  } else {
    try {
      const file = createReadStream(source.path, { highWaterMark: 1 << 20 });
      await pipeline(file, read.writable, { signal: context.signal });
    } catch (cause) {
      context.signal.throwIfAborted();
      throw new TwinDbError(`Cannot read the binary log ${quoteLocation(source.path)}`, { cause });
    }
  }
  return { scan: read.scanner.result(), scanner: read.scanner, size: read.size() };
}

interface Scanning {
  readonly scanner: BinlogScanner;
  readonly take: (bytes: Buffer) => void;
  readonly writable: Writable;
  readonly size: () => number;
}

function scanInto(listen: Listener | undefined): Scanning {
  let onGroup: ((group: GroupSpan) => void) | undefined;
  const scanner = new BinlogScanner((group) => onGroup?.(group));
  onGroup = listen?.(scanner);
  let size = 0;
  const take = (bytes: Buffer): void => {
    size += bytes.length;
    scanner.feed(bytes);
  };
  const writable = new Writable({
    highWaterMark: 1 << 20,
    write(bytes: Buffer, _encoding, done) {
      take(bytes);
      done();
    },
  });
  return { scanner, take, writable, size: () => size };
}
