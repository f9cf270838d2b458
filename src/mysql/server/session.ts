import type { Connection } from 'mysql2/promise';
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
   * that names the server, the user and a missing privilege.
   */
  query<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** The value of a global variable; undefined when the server has none of this name. */
  variable(name: string): Promise<string | undefined>;
  /** The value of a global status variable, likewise. */
  status(name: string): Promise<string | undefined>;
}

/** A connection that is made anew when it has been lost; disposing ends it. Its own queries end with the signal. */
export interface Session extends Queries, AsyncDisposable {
  /** For what has to be put right after the signal too: heeds none, and waits for the answer no longer than 10 seconds. */
  readonly afterwards: Queries;
}

/** How long a statement may take that no signal can end, in milliseconds. */
const ANSWER_MS = 10_000;

/** Connects. Throws a TwinDbError when that fails, and the reason of `signal` when that has aborted. */
export async function openSession(options: MysqlOptions, signal: AbortSignal, dial?: Dial): Promise<Session> {
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
  const run = async <Row>(sql: string, values: readonly SqlValue[], end: AbortSignal): Promise<Row[]> => {
    end.throwIfAborted();
    const current = connection ?? (await connect());
    try {
      // It may have come while the connection was made anew.
      end.throwIfAborted();
      const [rows] = await untilAborted(current.query(sql, [...values]), end);
      return rows as Row[];
    } catch (error) {
      const cause = end !== signal && end.aborted ? noAnswer() : error;
      // Without `destroy` the next statement would wait for the answer to this one.
      if (end.aborted || isLost(cause)) {
        connection = undefined;
        current.destroy();
      }
      if (end === signal) signal.throwIfAborted();
      throw queryError(options, account, sql, cause);
    }
  };
  const session: Session = {
    ...queriesThat(run, () => signal),
    afterwards: queriesThat(run, () => AbortSignal.timeout(ANSWER_MS)),
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

type Run = <Row>(sql: string, values: readonly SqlValue[], end: AbortSignal) => Promise<Row[]>;

/** The queries that `end` ends, each with a signal of its own from there. */
function queriesThat(run: Run, end: () => AbortSignal): Queries {
  const show = async (what: 'VARIABLES' | 'STATUS', name: string) => {
    const sql = `SHOW GLOBAL ${what} WHERE Variable_name = ?`;
    const [row] = await run<{ Value: string }>(sql, [name], end());
    return row?.Value;
  };
  return {
    query: (sql, values = []) => run(sql, values, end()),
    variable: (name) => show('VARIABLES', name),
    status: (name) => show('STATUS', name),
  };
}

/** A server that hangs keeps its connection, so nothing but the signal, which has not aborted yet, would ever end the wait. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const listening = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { signal: listening.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    listening.abort();
  }
}

/** Like a connection that was lost: nobody knows whether the statement was run. */
function noAnswer(): Error {
  return Object.assign(new Error(`no answer within ${ANSWER_MS / 1000} seconds`), { fatal: true });
}
