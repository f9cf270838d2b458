import { describeError } from '../../errors.ts';
import type { ExpectedTables } from '../copy/table-list.ts';
import type { Flavour } from '../flavours.ts';
import { listInnodb } from '../server/list-tables.ts';
import { measureData } from '../server/measure-data.ts';
import { isLost } from '../server/mysql-errors.ts';
import { quoteTable } from '../server/quote-name.ts';
import { type CheckRow, judgeCheck } from './check-verdict.ts';
import type { PrivateServer } from './private-server.ts';
import { compareTables, readServedTables, type TableProblem } from './served-tables.ts';

/** What came of checking all tables. */
export interface TableCheck {
  /** How many CHECK TABLE has found sound or bad. */
  readonly checked: number;
  /** Those that no program can check, as `SCHEMA.TABLE`. */
  readonly unchecked: readonly string[];
  readonly bad: readonly TableProblem[];
  /** What it says of sound ones. */
  readonly warnings: readonly TableProblem[];
}

/** Their data are on other servers, which a check would ask. */
const ELSEWHERE = /^(FEDERATED|SPIDER|CONNECT|S3|MYSQL_REPLICATION)$/i;

/** How long a check may take, in milliseconds, and how many bytes of all data a slow disk reads in one more. */
const LEAST_MS = 10 * 60_000;
const BYTES_PER_MS = 16 << 10;

/**
 * Checks each table of a server, and whether those are there that must be. A server that ends or hangs while it checks a table makes that
 * one bad, and ends the check. Throws the TwinDbError of a question that it does not answer, and the reason of the signal.
 */
export async function checkTables(
  server: PrivateServer,
  flavour: Flavour,
  expected: ExpectedTables | undefined,
  signal: AbortSignal,
): Promise<TableCheck> {
  const asked = { ...server, flavour };
  const served = await readServedTables(server, flavour);
  // Without definitions of its own a server has no others than InnoDB's.
  const innodb = flavour.sql.definesTables === 'files' ? await listInnodb(asked) : [];
  const bad = compareTables(served, expected, innodb);
  const warnings: TableProblem[] = [];
  const unchecked: string[] = [];
  let checked = 0;
  await using session = await server.connect(LEAST_MS + (await measureData(asked)) / BYTES_PER_MS);
  for (const each of served) {
    const table = `${each.schema}.${each.name}`;
    if (each.engine !== undefined && ELSEWHERE.test(each.engine)) {
      unchecked.push(table);
      continue;
    }
    try {
      const verdict = judgeCheck(await session.query<CheckRow>(`CHECK TABLE ${quoteTable(each)}`));
      if (verdict.kind === 'unchecked') unchecked.push(table);
      else checked += 1;
      if (verdict.kind === 'bad') bad.push({ table, problem: verdict.problem });
      if (verdict.kind === 'sound' && verdict.warning !== undefined)
        warnings.push({ table, problem: verdict.warning });
    } catch (error) {
      signal.throwIfAborted();
      bad.push({ table, problem: describeError(error) });
      if (isLost(error)) break;
    }
  }
  return { checked, unchecked, bad, warnings };
}
