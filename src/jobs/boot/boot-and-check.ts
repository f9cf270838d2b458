import { performance } from 'node:perf_hooks';
import type { SavedConfig, ServerSetup } from '../../copies/mysql-copy.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import { asOneLine } from '../../foreign-text.ts';
import { unpackTables } from '../../mysql/copy/table-list.ts';
import type { Flavour } from '../../mysql/flavours.ts';
import { checkTables } from '../../mysql/private-server/check-tables.ts';
import { type PrivateServer, startPrivateServer } from '../../mysql/private-server/private-server.ts';
import { secondsSince } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import type { BootReport, FailedStatement } from './boot-report.ts';
import { judgeAnswer, type Statement } from './statements.ts';

/** A data directory, restored or recovered, with what is known of the server that it comes from. */
export interface BootableData {
  readonly datadir: string;
  /** See `PrivateServerOptions`. */
  readonly above?: readonly string[];
  readonly flavour: Flavour;
  readonly setup: ServerSetup | undefined;
  readonly config: readonly SavedConfig[];
  /** The tables that it must have, as the status records them. */
  readonly tables: string | undefined;
}

/** How long a statement of the operator's may take, in milliseconds. */
const STATEMENT_MS = 6 * 3_600_000;

/**
 * Starts a server on a data directory, checks its tables, and asks it the operator's statements. What is wrong with the data is in the
 * report; throws a TwinDbError when the server does not start, or does not answer, and the reason of the signal. Nothing of the server is left.
 */
export async function bootAndCheck(
  { tables, flavour, ...data }: BootableData,
  statements: readonly Statement[],
  { log, signal }: Pick<JobContext, 'log' | 'signal'>,
): Promise<BootReport> {
  const expected = tables === undefined ? undefined : unpackTables(tables);
  const lap = stopwatch();
  await using server = await startPrivateServer({ ...data, flavour, purpose: 'check', log, signal });
  const boot = lap();
  const serverVersion = (await server.variable('version')) ?? '';
  log.info(`Checking the tables with ${serverVersion}`);
  const xaPrepared = await listPrepared(server);
  const gtid = flavour.family === 'mysql' ? await server.variable('gtid_executed') : undefined;
  const found = await checkTables(server, flavour, expected, signal);
  const check = lap();
  const failedStatements = await runStatements(server, statements, signal);
  const sql = lap();
  const stopFailure = await stopServer(server, signal);
  return {
    ...found,
    seconds: { boot, check, sql, stop: lap() },
    serverVersion,
    expected: expected && [...expected.counts.values()].reduce((sum, count) => sum + count, 0),
    statements: statements.length,
    failedStatements,
    xaPrepared,
    gtid,
    stopFailure,
  };
}

/** Gives the seconds since it was last asked. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const seconds = secondsSince(last);
    last = performance.now();
    return seconds;
  };
}

async function listPrepared(server: PrivateServer): Promise<string[]> {
  const rows = await server.query<{ data: string }>('XA RECOVER');
  return rows.map(({ data }) => asOneLine(data));
}

async function runStatements(
  server: PrivateServer,
  statements: readonly Statement[],
  signal: AbortSignal,
): Promise<FailedStatement[]> {
  if (statements.length === 0) return [];
  const failed: FailedStatement[] = [];
  try {
    await using session = await server.connect(STATEMENT_MS);
    for (const statement of statements) {
      const problem = await session.firstCells(statement.sql).then(
        (cells) => judgeAnswer(statement, cells),
        // The server's own words: the statement is in the file.
        (error: unknown) => describeError(error instanceof TwinDbError ? (error.cause ?? error) : error),
      );
      signal.throwIfAborted();
      if (problem !== undefined) failed.push({ line: statement.line, problem });
    }
  } catch (error) {
    signal.throwIfAborted();
    // It has ended meanwhile, or hangs: none of them could be asked.
    failed.push({ line: statements[0]?.line ?? 1, problem: describeError(error) });
  }
  return failed;
}

async function stopServer(server: PrivateServer, signal: AbortSignal): Promise<string | undefined> {
  try {
    await server.stop();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return describeError(error);
  }
}
