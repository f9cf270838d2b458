import type { MysqlServer } from './server.ts';

/**
 * Asks for sums over the files of InnoDB, one row: `columns` is what stands after SELECT, `condition` after WHERE. MariaDB
 * lists only files that it has opened since it was started, which after a restart are few, so it is made to open all of them
 * first. Throws a TwinDbError that names a missing privilege.
 */
export async function queryTablespaces<Row>(
  { query, flavour }: Pick<MysqlServer, 'query' | 'flavour'>,
  columns: string,
  condition?: string,
): Promise<Row | undefined> {
  const { tablespaces, opensTablespaces } = flavour.sql;
  if (opensTablespaces !== undefined) await query(opensTablespaces);
  const where = condition === undefined ? '' : ` WHERE ${condition}`;
  const [row] = await query<Row>(`SELECT ${columns} FROM information_schema.${tablespaces}${where}`);
  return row;
}
