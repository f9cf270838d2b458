import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Flavour } from '../../mysql/flavours.ts';
import { readLogs, runStatements } from '../../mysql/replay/replay-programs.ts';
import { ReplayTrace } from '../../mysql/replay/replay-trace.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import type { JobContext } from '../job-context.ts';
import { explainReplay } from './explain-replay.ts';
import { LogFeed } from './feed-logs.ts';
import { type LogFile, openLogs, type Shelf } from './log-files.ts';
import type { RecoveryLog } from './recovery-plan.ts';

/** What is replayed. */
interface Replay {
  /** In the order in which they were written. */
  readonly logs: readonly RecoveryLog[];
  /** Bytes from the beginning of the first of them, where a transaction ends. */
  readonly startPosition: number;
  /** The same of the last of them; undefined: all of it. */
  readonly stopPosition: number | undefined;
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
  { logs, startPosition, stopPosition }: Replay,
  { flavour, ...server }: ReplayServer,
  shelf: Shelf,
  context: JobContext,
): Promise<void> {
  const loadFolder = join(shelf.path, 'load');
  await mkdir(loadFolder, { mode: 0o700 });
  const feed = new LogFeed();
  const trace = new ReplayTrace();
  const inVain = new AbortController();
  const fetching = { ...context, signal: AbortSignal.any([context.signal, inVain.signal]) };
  const endOf = async ({ log, size }: LogFile) => (log === logs.at(-1) ? (stopPosition ?? size) : size);
  const statements = trace.stage();
  // Fetching may take long: it must not keep a failure waiting.
  statements.once('close', () => inVain.abort());
  const line = context.progress.begin(describe(logs), sumOf(logs));
  async function* bytesOf(): AsyncGenerator<Buffer> {
    for await (const file of openLogs(logs, shelf, fetching)) {
      for await (const bytes of feed.read(file, await endOf(file))) {
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
  } catch (error) {
    context.signal.throwIfAborted();
    throw explainReplay(error, { trace, feed });
  } finally {
    line.end();
  }
}

function describe(logs: readonly RecoveryLog[]): string {
  return logs.length === 1 ? `Replaying ${logs[0]?.name}` : `Replaying ${logs.length} binary logs`;
}

function sumOf(logs: readonly RecoveryLog[]): number {
  return logs.reduce((sum, { size }) => sum + size, 0);
}
