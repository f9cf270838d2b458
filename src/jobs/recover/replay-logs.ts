import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { quoteLocation } from '../../copies/quote-location.ts';
import type { Flavour } from '../../mysql/flavours.ts';
import { readLogs, runStatements } from '../../mysql/replay/replay-programs.ts';
import { ReplayTrace } from '../../mysql/replay/replay-trace.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import type { JobContext } from '../job-context.ts';
import { explainReplay } from './explain-replay.ts';
import { LogFeed } from './feed-logs.ts';
import { type LogFile, type LogRange, openLogs, type Shelf } from './log-files.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** What was replayed. */
export interface Replayed {
  readonly transactions: number;
  /** Logs that were cut short, with the bytes behind their last complete transactions. */
  readonly torn: readonly { readonly binlog: string; readonly bytes: number }[];
}

/** Where it is replayed. */
interface ReplayServer {
  readonly flavour: Flavour;
  /** Option file of the client with an account that has all privileges. */
  readonly clientFile: string;
  readonly socket: string;
}

/**
 * Destination -> a few verified files -> one program that reads logs -> one client -> the server. Throws a TwinDbError that says which transaction
 * failed; what came before it is in the server then, and nothing runs any more.
 */
export async function replayLogs(
  range: LogRange,
  { flavour, ...server }: ReplayServer,
  shelf: Shelf,
  context: JobContext,
): Promise<Replayed> {
  const { logs, startPosition } = range;
  const loadFolder = join(shelf.path, 'load');
  await mkdir(loadFolder, { mode: 0o700 });
  const feed = new LogFeed();
  const trace = new ReplayTrace();
  const inVain = new AbortController();
  const fetching = { ...context, signal: AbortSignal.any([context.signal, inVain.signal]) };
  let transactions = 0;
  const torn: { binlog: string; bytes: number }[] = [];
  const statements = trace.stage();
  // Fetching may take long: it must not keep a failure waiting.
  statements.once('close', () => inVain.abort());
  const line = context.progress.begin(describe(logs), sumOf(logs), { phase: 'Replaying' });
  async function* bytesOf(): AsyncGenerator<Buffer> {
    for await (const file of openLogs(range, shelf, fetching)) {
      transactions += file.transactions;
      if (flavour.family === 'mysql') warnOfLoads(file, context);
      if (file.torn > 0) torn.push({ binlog: file.log.binlog, bytes: file.torn });
      for await (const bytes of feed.read(file)) {
        // The total is known of the logs as they are stored.
        line.advance((bytes.length / file.size) * file.log.size);
        yield bytes;
      }
    }
  }
  try {
    await runPipeline(
      [
        Readable.from(bytesOf(), { objectMode: false, highWaterMark: 1 << 20 }),
        await readLogs(flavour, { startPosition, loadFolder }),
        statements,
        await runStatements(flavour, server),
      ],
      context.signal,
    );
    return { transactions, torn };
  } catch (error) {
    context.signal.throwIfAborted();
    throw explainReplay(error, { trace, feed });
  } finally {
    line.end();
  }
}

/** MariaDB's program passes on the number that the first row gets, MySQL's only that of other statements. */
function warnOfLoads({ log, numberedLoads }: LogFile, context: JobContext): void {
  if (numberedLoads === 0) return;
  context.log.warn(
    `${quoteLocation(log.binlog)} has LOAD DATA as a statement ${numberedLoads === 1 ? 'once' : `${numberedLoads} times`}, and mysqlbinlog leaves out which AUTO_INCREMENT number its first row gets: rows loaded so may have other numbers than they had`,
  );
}

function describe(logs: readonly RecoveryLog[]): string {
  return logs.length === 1 ? `${logs[0]?.name}` : `${logs.length} binary logs`;
}

function sumOf(logs: readonly RecoveryLog[]): number {
  return logs.reduce((sum, { size }) => sum + size, 0);
}
