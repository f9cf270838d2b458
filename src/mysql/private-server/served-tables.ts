import type { ExpectedTables } from '../copy/table-list.ts';
import type { Flavour } from '../flavours.ts';
import { tableOf } from '../server/list-tables.ts';
import type { Queries } from '../server/session.ts';
import { fileNameOf, hasCodedLetters, readableName } from './file-name.ts';

/** A table as a server has it. */
export interface ServedTable {
  readonly schema: string;
  readonly name: string;
  /** `SCHEMA/NAME` as file names have them; undefined where this server does not say it of such letters. */
  readonly path: string | undefined;
  /** Undefined: its definition cannot be read, which `comment` may say why. */
  readonly engine: string | undefined;
  readonly comment: string;
}

/** What is the matter with a table, or with all of a schema. */
export interface TableProblem {
  /** `SCHEMA.TABLE`, or `SCHEMA.*`. */
  readonly table: string;
  readonly problem: string;
}

interface Row {
  readonly schema: string;
  readonly name: string;
  /** In hex; null where the server has no word for it. */
  readonly path: string | null;
  readonly engine: string | null;
  readonly comment: string | null;
}

/** Only MariaDB knows the character set by this name: MySQL has it, and hides it. */
const PATHS: Readonly<Record<Flavour['family'], string>> = {
  mariadb: `CONCAT(${inFiles('TABLE_SCHEMA')}, '2F', ${inFiles('TABLE_NAME')})`,
  mysql: 'NULL',
};

function inFiles(column: string): string {
  return `HEX(CAST(CONVERT(${column} USING filename) AS BINARY))`;
}

/** All tables that the server knows, without views, by schema and name. */
export async function readServedTables(
  { query }: Pick<Queries, 'query'>,
  { family }: Pick<Flavour, 'family'>,
): Promise<ServedTable[]> {
  const rows = await query<Row>(
    'SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, ENGINE AS engine, TABLE_COMMENT AS comment, ' +
      `${PATHS[family]} AS path FROM information_schema.TABLES ` +
      "WHERE TABLE_TYPE NOT LIKE '%VIEW' AND TABLE_TYPE <> 'TEMPORARY' " +
      "AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema') ORDER BY 1, 2",
  );
  return rows.map((row) => ({
    ...row,
    path: row.path === null ? pathOf(row) : Buffer.from(row.path, 'hex').toString('latin1'),
    engine: row.engine ?? undefined,
    comment: row.comment ?? '',
  }));
}

function pathOf({ schema, name }: Row): string | undefined {
  const [folder, file] = [fileNameOf(schema), fileNameOf(name)];
  return folder === undefined || file === undefined ? undefined : `${folder}/${file}`;
}

/** What of the tables of a copy the server does not have as it should. `innodb`: the names that InnoDB knows. */
export function compareTables(
  served: readonly ServedTable[],
  expected: ExpectedTables | undefined,
  innodb: readonly string[],
): TableProblem[] {
  return [...findOrphans(served, innodb), ...findMissing(served, expected)];
}

/** A table that InnoDB knows and the server does not has lost its definition; the server itself notices nothing. */
function findOrphans(served: readonly ServedTable[], innodb: readonly string[]): TableProblem[] {
  const known = new Set(served.map(({ path }) => path));
  const isTold = tellerOf(served);
  const names = new Set(innodb.map(tableOf).filter((name) => name !== undefined));
  return [...names]
    .filter((name) => !known.has(name) && isTold(name))
    .map((name) => ({
      table: readableName(name),
      problem: 'InnoDB has its data, and the server does not know it: its definition (.frm) is missing',
    }));
}

function findMissing(served: readonly ServedTable[], expected: ExpectedTables | undefined): TableProblem[] {
  if (expected === undefined) return [];
  return expected.names === undefined
    ? missingByCount(served, expected.counts)
    : missingByName(served, expected.names);
}

function missingByName(served: readonly ServedTable[], names: ReadonlyMap<string, string>): TableProblem[] {
  const engines = new Map(served.map(({ path, engine }) => [path, engine]));
  const isTold = tellerOf(served);
  return [...names].flatMap(([path, engine]): TableProblem[] => {
    if (!isTold(path)) return [];
    const table = readableName(path);
    const was = engine === '' ? '' : ` (${engine})`;
    if (!engines.has(path))
      return [{ table, problem: `it is missing, and was there when the copy was made${was}` }];
    const is = engines.get(path);
    // Of one whose definition cannot be read, that is said already.
    if (engine === '' || is === undefined || is.toLowerCase() === engine.toLowerCase()) return [];
    return [{ table, problem: `its engine is ${is}, and was ${engine} when the copy was made` }];
  });
}

function missingByCount(served: readonly ServedTable[], counts: ReadonlyMap<string, number>): TableProblem[] {
  return [...counts].flatMap(([group, count]): TableProblem[] => {
    const slash = group.lastIndexOf('/');
    const [schema, engine] = [group.slice(0, slash), group.slice(slash + 1)];
    if (engine === '') return [];
    const own = served.filter(
      (table) =>
        (schema === '' || table.path === undefined || table.path.startsWith(`${schema}/`)) &&
        (table.engine === undefined || table.engine.toLowerCase() === engine.toLowerCase()),
    );
    if (own.length >= count) return [];
    const problem = `${own.length} tables (${engine}), and there were ${count} when the copy was made`;
    return [{ table: schema === '' ? '*.*' : `${readableName(schema)}.*`, problem }];
  });
}

/** Whether a table that is not among the paths is not there either: one with such letters may be one whose path is not known. */
function tellerOf(served: readonly ServedTable[]): (path: string) => boolean {
  const areAllKnown = served.every(({ path }) => path !== undefined);
  return (path) => areAllKnown || !hasCodedLetters(path);
}
