import { describeError } from '../../errors.ts';
import type { PrivateServer } from '../../mysql/private-server/private-server.ts';
import { quoteTable } from '../../mysql/server/quote-name.ts';
import { type NamedTable, type Reference } from './table-names.ts';

/** All that a server has that can be named. */
interface Inventory {
  readonly databases: readonly string[];
  readonly tables: readonly NamedTable[];
}

/** Not data: made by the server itself at each start. */
const VIRTUAL = ['information_schema', 'performance_schema', 'sys'];

/** Lists the databases and tables of a server. Throws a TwinDbError. */
export async function listTables({ query }: Pick<PrivateServer, 'query'>): Promise<Inventory> {
  const databases = await query<{ name: string }>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME',
  );
  const tables = await query<{ db: string; name: string; type: string }>(
    'SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_TYPE AS type FROM information_schema.TABLES ORDER BY TABLE_SCHEMA, TABLE_NAME',
  );
  return {
    databases: databases.map(({ name }) => name).filter((name) => !VIRTUAL.includes(name)),
    tables: tables
      .filter(({ db }) => !VIRTUAL.includes(db))
      .map(({ db, name, type }) => ({ schema: db, name, isView: type.endsWith('VIEW') })),
  };
}

/** The foreign keys between the tables of some databases. Throws a TwinDbError. */
export async function listReferences(
  { query }: Pick<PrivateServer, 'query'>,
  schemas: readonly string[],
): Promise<Reference[]> {
  const rows = await query<{ db: string; name: string; toDb: string; toName: string }>(
    `SELECT CONSTRAINT_SCHEMA AS db, TABLE_NAME AS name, UNIQUE_CONSTRAINT_SCHEMA AS toDb, REFERENCED_TABLE_NAME AS toName
     FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA IN (${schemas.map(() => '?').join(', ')})`,
    schemas,
  );
  return rows.map(({ db, name, toDb, toName }) => ({
    from: quoteTable({ schema: db, name }),
    to: quoteTable({ schema: toDb, name: toName }),
  }));
}

/** What a statement that brings rows back has to know of a table. */
export interface TableShape {
  /** Those that hold data of their own, in their order. */
  readonly columns: readonly string[];
  /** Whether each row can be told from others: a primary key, or a unique one without NULL, of which there may be many. */
  readonly hasKey: boolean;
  /** Of a sequence of MariaDB its next number; undefined: it is none. */
  readonly nextNumber: string | undefined;
}

/** Describes a table. Throws a TwinDbError. */
export async function describeTable(
  { query }: Pick<PrivateServer, 'query'>,
  table: NamedTable,
): Promise<TableShape> {
  const { schema, name } = table;
  // Not DEFAULT_GENERATED, which MySQL says of a column whose default is an expression.
  const columns = await query<{ name: string }>(
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND EXTRA NOT REGEXP '(VIRTUAL|STORED|PERSISTENT) GENERATED' ORDER BY ORDINAL_POSITION`,
    [schema, name],
  );
  const [key] = await query<{ count: string | number }>(
    `SELECT COUNT(*) AS count FROM (
       SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0
       GROUP BY INDEX_NAME HAVING SUM(NULLABLE = 'YES') = 0) AS unambiguous`,
    [schema, name],
  );
  return {
    columns: columns.map((each) => each.name),
    hasKey: Number(key?.count ?? 0) > 0,
    nextNumber: await nextNumberOf(table, query),
  };
}

async function nextNumberOf(table: NamedTable, query: PrivateServer['query']): Promise<string | undefined> {
  const [sequence] = await query<object>(
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND TABLE_TYPE = 'SEQUENCE'`,
    [table.schema, table.name],
  );
  if (sequence === undefined) return undefined;
  const [row] = await query<{ next: string }>(
    `SELECT CAST(next_not_cached_value AS CHAR) AS next FROM ${quoteTable(table)}`,
  );
  return row?.next;
}

/**
 * Why a view cannot be dumped, such as a table that it needs and that is not there; undefined: it can. Throws a TwinDbError when the server cannot be
 * asked any more.
 */
export async function findViewFault(
  { query }: Pick<PrivateServer, 'query'>,
  view: NamedTable,
): Promise<string | undefined> {
  try {
    // As the dump program asks.
    await query(`SHOW FIELDS FROM ${quoteTable(view)}`);
    return undefined;
  } catch (error) {
    await query('SELECT 1');
    return describeError(error);
  }
}

/** Whether a table of the server's own has a row for each account. Throws a TwinDbError. */
export async function hasAccounts(
  { query }: Pick<PrivateServer, 'query'>,
  { schema, name }: NamedTable,
): Promise<boolean> {
  if (schema !== 'mysql') return false;
  const [column] = await query<object>(
    "SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME = 'User'",
    [schema, name],
  );
  return column !== undefined;
}

/** Whether a table has triggers. Throws a TwinDbError. */
export async function hasTriggers(
  { query }: Pick<PrivateServer, 'query'>,
  { schema, name }: NamedTable,
): Promise<boolean> {
  const [row] = await query<{ count: string | number }>(
    'SELECT COUNT(*) AS count FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ?',
    [schema, name],
  );
  return Number(row?.count ?? 0) > 0;
}

/** Whether a database has routines or events. Throws a TwinDbError. */
export async function hasCode({ query }: Pick<PrivateServer, 'query'>, schema: string): Promise<boolean> {
  const [row] = await query<{ count: string | number }>(
    `SELECT (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?)
          + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?) AS count`,
    [schema, schema],
  );
  return Number(row?.count ?? 0) > 0;
}
