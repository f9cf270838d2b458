import { join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { hasControls } from '../../foreign-text.ts';
import { quote } from '../../mysql/copy/quote.ts';
import { quoteName, quoteTable } from '../../mysql/server/quote-name.ts';
import type { TableShape } from './describe-tables.ts';
import { type NamedTable } from './table-names.ts';

/** A table that is in a file now. */
export interface DumpedTable extends NamedTable, TableShape {
  readonly file: string;
  /** It has rows that may point at others which come after them. */
  readonly isCircular: boolean;
}

/** A database beside the live ones, which the files are loaded into. */
const ASIDE = 'twindb_restored';

/**
 * How rows that a live server has lost are brought back, a line each. A restored table must not take the place of the live one: foreign keys would point
 * at the old one, and triggers be lost. So the rows that are missing are copied from a database aside, those that others point at first.
 */
export function adviseRows(
  tables: readonly DumpedTable[],
  { dst, client }: { readonly dst: string; readonly client: string },
): string[] {
  if (tables.length === 0) return [];
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  const asideOf = (schema: string) =>
    quoteName(schemas.length === 1 ? ASIDE : `${ASIDE}_${schemas.indexOf(schema) + 1}`);
  return [
    'To bring missing rows back into the live tables, load the files into a database aside:',
    ...schemas.map((schema) => `  ${client} -e ${quote(`CREATE DATABASE ${asideOf(schema)}`)}`),
    ...tables.map(
      ({ schema, file }) =>
        `  ${client} --binary-mode --max-allowed-packet=1G ${asideOf(schema).replaceAll('`', '')} < ${quote(join(dst, file))}`,
    ),
    'and copy from there what the live tables do not have. Rows that are there stay as they are; those whose parents are missing are left out:',
    // As in a dump: else a row with the number 0 would get another one.
    "  SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO';",
    ...tables.map((table) => bringBack(table, asideOf(table.schema))),
    ...(tables.some(({ isCircular }) => isCircular)
      ? [
          '  -- These tables point at themselves or at each other: repeat their INSERT until it adds no more rows',
        ]
      : []),
    ...schemas.map((schema) => `  DROP DATABASE ${asideOf(schema)};`),
    'Triggers of the live tables run for these rows: drop them first where that must not be.',
  ];
}

function bringBack(table: DumpedTable, aside: string): string {
  const [live, restored] = [quoteTable(table), `${aside}.${quoteName(table.name)}`];
  const columns = table.columns.map(quoteName).join(', ');
  if (hasControls(live + columns))
    return `  -- ${quoteLocation(live)} has names with characters that cannot be typed: bring its rows back by hand`;
  // It never goes back.
  if (table.nextNumber !== undefined) return `  SELECT SETVAL(${live}, ${table.nextNumber}, 0);`;
  if (!table.hasKey)
    return `  -- ${live} has no primary key, and no unique one without NULL, so that rows that are there would be doubled: compare it with ${restored} by hand`;
  return `  INSERT IGNORE INTO ${live} (${columns}) SELECT ${columns} FROM ${restored};${table.isCircular ? ' -- repeat' : ''}`;
}
