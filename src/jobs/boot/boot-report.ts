import type { TableCheck } from '../../mysql/private-server/check-tables.ts';

/** What came of starting a server on a data directory, and asking it. */
export interface BootReport extends TableCheck {
  readonly seconds: BootSeconds;
  /** `@@version` of the server that was started. */
  readonly serverVersion: string;
  /** How many tables its copy's status lists, by name or by number; undefined: it lists none. */
  readonly expected: number | undefined;
  /** How many statements of the operator's were run. */
  readonly statements: number;
  readonly failedStatements: readonly FailedStatement[];
  /** Transactions that are prepared and neither committed nor rolled back, by the name that XA RECOVER gives them. */
  readonly xaPrepared: readonly string[];
  /** What MySQL says it has executed; undefined of MariaDB, whose copy says it. */
  readonly gtid: string | undefined;
  /** Why the server did not end cleanly. */
  readonly stopFailure: string | undefined;
}

export interface BootSeconds {
  readonly boot: number;
  readonly check: number;
  readonly sql: number;
  readonly stop: number;
}

export interface FailedStatement {
  /** Its first line in the file. */
  readonly line: number;
  readonly problem: string;
}

/** What a summary names of each kind. */
const NAMED = 5;

/** Why a data directory is not as it should be, in one line; undefined when all is well. */
export function findFault({ bad, failedStatements, stopFailure }: BootReport): string | undefined {
  const faults = [
    ...named(
      bad.map(({ table, problem }) => `${table}: ${problem}`),
      'tables',
    ),
    ...named(
      failedStatements.map(({ line, problem }) => `statement in line ${line}: ${problem}`),
      'statements',
    ),
    ...(stopFailure === undefined ? [] : [stopFailure]),
  ];
  return faults.length === 0 ? undefined : faults.join('\n');
}

function named(faults: readonly string[], what: string): string[] {
  const more = faults.length - NAMED;
  return [...faults.slice(0, NAMED), ...(more > 0 ? [`and ${more} more ${what}`] : [])];
}
