import type { MariadbServer } from './mariadb.ts';

/** What a table holds, without its order. */
export interface TableDigest {
  /** `schema.table` */
  readonly table: string;
  readonly count: number;
  readonly digest: string;
}

interface Column {
  readonly schema: string;
  readonly table: string;
  readonly type: string;
  readonly column: string;
}

/**
 * Count and digest of every table (and sequence) of every schema that is not the server's own, sorted by name.
 * Equal results mean equal rows: NULL differs from an empty text, text is compared by its bytes, a row that is
 * there twice counts twice, and the order of the rows does not matter. Generated columns count, and of
 * system-versioned tables the history does too.
 */
export async function digestTables(server: MariadbServer): Promise<TableDigest[]> {
  const columns = await server.sql<Column>(
    `SELECT t.TABLE_SCHEMA AS \`schema\`, t.TABLE_NAME AS \`table\`, t.TABLE_TYPE AS type, c.COLUMN_NAME AS \`column\`
       FROM information_schema.TABLES t JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME)
      WHERE t.TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
        AND t.TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW')
      ORDER BY BINARY t.TABLE_SCHEMA, BINARY t.TABLE_NAME, c.ORDINAL_POSITION`,
  );
  const tables = new Map<string, Column[]>();
  for (const column of columns) {
    const name = `${column.schema}.${column.table}`;
    tables.set(name, [...(tables.get(name) ?? []), column]);
  }
  const connection = await server.connect();
  try {
    // The text of a TIMESTAMP depends on it.
    await connection.query("SET time_zone = '+00:00'");
    const digests: TableDigest[] = [];
    for (const [table, parts] of tables) {
      const [rows] = await connection.query(digestQuery(parts));
      const [row] = rows as { count: number; high: string | null; low: string | null }[];
      digests.push({ table, count: row?.count ?? 0, digest: `${row?.high ?? 0}-${row?.low ?? 0}` });
    }
    return digests;
  } finally {
    await connection.end();
  }
}

const half = (start: number): string =>
  `CAST(SUM(CAST(CONV(SUBSTR(row_digest, ${start}, 16), 16, 10) AS UNSIGNED)) AS CHAR)`;

/**
 * The sum over all rows of the first two quarters of a row's SHA-256; a row is the SHA-256s of its values, `-` for NULL. MySQL
 * has had no MD5 of its own since 9.6.
 */
function digestQuery(columns: readonly Column[]): string {
  const values = columns.map(({ column }) => `IFNULL(SHA2(CAST(${quoteName(column)} AS BINARY), 256), '-')`);
  const [first] = columns;
  if (!first) throw new Error('a table without columns');
  const history = first.type === 'SYSTEM VERSIONED' ? ' FOR SYSTEM_TIME ALL' : '';
  const from = `${quoteName(first.schema)}.${quoteName(first.table)}${history}`;
  // Not COUNT(*): that is the engine's own number, which the rows of an Aria table need not bear out.
  return `SELECT COUNT(row_digest) AS count, ${half(1)} AS high, ${half(17)} AS low
            FROM (SELECT SHA2(CONCAT(${values.join(', ')}), 256) AS row_digest FROM ${from}) digests`;
}

const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
