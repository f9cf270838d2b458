import type { PrivateServer } from '../../mysql/private-server/private-server.ts';
import { type NamedTable, nameOf, type Reference } from './table-names.ts';

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
    from: nameOf({ schema: db, name }),
    to: nameOf({ schema: toDb, name: toName }),
  }));
}

/** What a statement that brings rows back has to know of a table. */
export interface TableShape {
  /** Those that hold data of their own, in their order. */
  readonly columns: readonly string[];
  /** Whether a row can be told from others: a primary or unique key. */
  readonly hasKey: boolean;
}

/** Describes a table. Throws a TwinDbError. */
export async function describeTable(
  { query }: Pick<PrivateServer, 'query'>,
  { schema, name }: NamedTable,
): Promise<TableShape> {
  const columns = await query<{ name: string }>(
    `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND EXTRA NOT LIKE '%GENERATED' ORDER BY ORDINAL_POSITION`,
    [schema, name],
  );
  const [key] = await query<{ count: string | number }>(
    'SELECT COUNT(*) AS count FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND NON_UNIQUE = 0',
    [schema, name],
  );
  return { columns: columns.map((each) => each.name), hasKey: Number(key?.count ?? 0) > 0 };
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
