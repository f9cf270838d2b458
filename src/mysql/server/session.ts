import type { Connection, QueryOptions } from 'mysql2/promise';
import { type Dial, endConnection, openConnection } from './connection.ts';
import type { MysqlOptions } from './defaults-file.ts';
import { isLost, queryError } from './mysql-errors.ts';

/** What a placeholder in a statement may stand for. */
type SqlValue = string | number | null;

/** What can be asked of a server. */
export interface Queries {
  /**
   * Runs one statement. BIGINT, DECIMAL and dates come as strings. A connection that has been lost meanwhile (an idle
   * one, after `wait_timeout`) is made anew first, so nothing may rely on settings of the session. Throws a TwinDbError
   * that names the server, the user and a missing privilege, also when there was no answer for 5 minutes: all that is asked
   * here is answered at once by a server that does not hang.
   */
  query<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** The value of a global variable; undefined when the server has none of this name. */
  variable(name: string): Promise<string | undefined>;
  /** The value of a global status variable, likewise. */
  status(name: string): Promise<string | undefined>;
}

/** A connection that is made anew when it has been lost; disposing ends it. Its own queries end with the signal. */
export interface Session extends Queries, AsyncDisposable {
  /** Runs one statement and gives the first cell of each row as text, null for NULL; of a procedure those of its first result. Throws like `query`. */
  firstCells(sql: string): Promise<(string | null)[]>;
  /** For what has to be put right after the signal too: heeds none, and waits for the answer no longer than 10 seconds. */
  readonly afterwards: Queries;
}

/** How long a statement may take, in milliseconds. */
const ANSWER_MS = 5 * 60_000;

/** The same for one that no signal can end. */
const LAST_ANSWER_MS = 10_000;

/** When to give up a statement. */
interface Wait {
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/**
 * Connects. Throws a TwinDbError when that fails, and the reason of `signal` when that has aborted. `answerMs`, the limit of
 * a statement, is for tests.
 */
export async function openSession(
  options: MysqlOptions,
  signal: AbortSignal,
  dial?: Dial,
  answerMs = ANSWER_MS,
): Promise<Session> {
  let connection: Connection | undefined;
  let account = `${options.user}@%`;
  const connect = async (): Promise<Connection> => {
    const fresh = await openConnection(options, dial);
    const forget = () => {
      if (connection === fresh) connection = undefined;
    };
    // Without a listener the loss of an idle connection would end the process; `end` comes when the server hangs up.
    fresh.on('error', forget);
    fresh.on('end', forget);
    connection = fresh;
    return fresh;
  };
  const run = async <Row>(
    asked: string | QueryOptions,
    values: readonly SqlValue[],
    wait: Wait,
  ): Promise<Row[]> => {
    const sql = typeof asked === 'string' ? asked : asked.sql;
    wait.signal.throwIfAborted();
    const current = connection ?? (await connect());
    try {
      // It may have come while the connection was made anew.
      wait.signal.throwIfAborted();
      const [rows] = await orGivenUp(
        current.query({ ...(typeof asked === 'string' ? { sql } : asked), values: [...values] }),
        wait,
      );
      return rows as Row[];
    } catch (cause) {
      // Without `destroy` the next statement would wait for the answer to this one.
      if (wait.signal.aborted || isLost(cause)) {
        connection = undefined;
        current.destroy();
      }
      wait.signal.throwIfAborted();
      throw queryError(options, account, sql, cause);
    }
  };
  const session: Session = {
    ...queriesThat(run, { signal, limitMs: answerMs }),
    firstCells: async (sql) =>
      firstCellsOf(await run<unknown>({ sql, ...AS_TEXT }, [], { signal, limitMs: answerMs })),
    afterwards: queriesThat(run, { signal: new AbortController().signal, limitMs: LAST_ANSWER_MS }),
    async [Symbol.asyncDispose]() {
      const current = connection;
      connection = undefined;
      if (current) await endConnection(current);
    },
  };
  await connect();
  try {
    const [me] = await session.query<{ account: string }>('SELECT CURRENT_USER() AS account');
    account = me?.account ?? account;
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** Cells in their order, each as the server says it. */
const AS_TEXT: Pick<QueryOptions, 'rowsAsArray' | 'typeCast'> = {
  rowsAsArray: true,
  typeCast: (field) => field.string(),
};

/** A statement without a result has a header instead of rows, a procedure a list of results. */
function firstCellsOf(result: unknown): (string | null)[] {
  if (!Array.isArray(result)) return [];
  const [first] = result as unknown[];
  const rows = Array.isArray(first) && Array.isArray(first[0]) ? (first as unknown[]) : (result as unknown[]);
  return rows.filter(Array.isArray).map(([cell]) => (typeof cell === 'string' ? cell : null));
}

type Run = <Row>(sql: string, values: readonly SqlValue[], wait: Wait) => Promise<Row[]>;

function queriesThat(run: Run, wait: Wait): Queries {
  const show = async (what: 'VARIABLES' | 'STATUS', name: string) => {
    const sql = `SHOW GLOBAL ${what} WHERE Variable_name = ?`;
    const [row] = await run<{ Value: string }>(sql, [name], wait);
    return row?.Value;
  };
  return {
    query: (sql, values = []) => run(sql, values, wait),
    variable: (name) => show('VARIABLES', name),
    status: (name) => show('STATUS', name),
  };
}

/** The work, ended by the signal or the limit: a server that hangs keeps its connection, so nothing else would end the wait. */
async function orGivenUp<T>(work: Promise<T>, { signal, limitMs }: Wait): Promise<T> {
  const over = new AbortController();
  const ended = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: over.signal });
    const timer = setTimeout(() => reject(noAnswer(limitMs)), limitMs);
    over.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    over.abort();
  }
}

/** Like a connection that was lost: nobody knows whether the statement was run. */
function noAnswer(limitMs: number): Error {
  return Object.assign(new Error(`no answer within ${limitMs / 1000} seconds`), { fatal: true });
}
