import { setTimeout as sleep } from 'node:timers/promises';
import type { MariadbServer } from './mariadb.ts';

/** Writes on and on into the schema `live`, until it is stopped or disposed. */
export interface Writer extends AsyncDisposable {
  /** Transactions committed so far. */
  readonly written: number;
  /** Ends after the present transaction; fails when a write has failed. Resolves to the number of transactions. */
  stop(): Promise<number>;
}

/**
 * Starts a writer on a connection of its own: inserts, updates and deletes in an InnoDB table, inserts into an Aria
 * and a MyISAM one. `live.inserts` gets 1, 2, 3 …, so a consistent copy of it has no gap.
 */
export async function startWriter(server: MariadbServer): Promise<Writer> {
  const connection = await server.connect();
  for (const statement of SCHEMA) await connection.query(statement);
  let written = 0;
  const stopping = new AbortController();

  const write = async (): Promise<void> => {
    try {
      while (!stopping.signal.aborted) {
        const n = written + 1;
        await connection.query('START TRANSACTION');
        await connection.query('INSERT INTO live.inserts VALUES (?, REPEAT(MD5(?), 20))', [n, n]);
        await connection.query(
          'INSERT INTO live.balances VALUES (?, ?) ON DUPLICATE KEY UPDATE amount = amount + VALUES(amount)',
          [n % 100, n],
        );
        await connection.query('DELETE FROM live.balances WHERE id = ?', [(n * 7) % 100]);
        await connection.query('COMMIT');
        await connection.query(`INSERT INTO live.${n % 2 ? 'aria' : 'my_isam'} VALUES (?, MD5(?))`, [n, n]);
        written = n;
        // The machine has other work to do.
        await sleep(2);
      }
    } finally {
      connection.destroy();
    }
  };
  // A failure is reported by whoever stops the writer; until then it is not an unhandled one.
  const ended = write();
  ended.catch(() => undefined);

  const stop = async (): Promise<number> => {
    stopping.abort();
    await ended;
    return written;
  };
  return {
    get written() {
      return written;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

const SCHEMA = [
  'CREATE DATABASE IF NOT EXISTS live',
  'CREATE OR REPLACE TABLE live.inserts (n INT PRIMARY KEY, v TEXT)',
  'CREATE OR REPLACE TABLE live.balances (id INT PRIMARY KEY, amount BIGINT)',
  'CREATE OR REPLACE TABLE live.aria (n INT PRIMARY KEY, v CHAR(32)) ENGINE=Aria',
  'CREATE OR REPLACE TABLE live.my_isam (n INT PRIMARY KEY, v CHAR(32)) ENGINE=MyISAM',
];
