import { didYouMean } from '../../config/suggest.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { quoteTable } from '../../mysql/server/quote-name.ts';

/** A table, view or sequence of a server. */
export interface NamedTable {
  readonly schema: string;
  readonly name: string;
  readonly isView: boolean;
}

/** What is to be restored of a server. */
export interface ChosenTables {
  /** Each table once: in the order of the names, those of one database by their own names. */
  readonly tables: readonly NamedTable[];
  /** The databases that were named as a whole: with views, routines and events. */
  readonly databases: readonly string[];
}

/** `DB` or `DB.TABLE`, each as it is or in backticks, in which two stand for one. */
const NAME = /^(?:`((?:[^`]|``)+)`|([^`.]+))(?:\.(?:`((?:[^`]|``)+)`|([^`]+)))?$/s;

/**
 * Finds what names mean among all tables of a server. Case counts, as on a server on Linux. Throws a TwinDbError that names near ones for what is not there.
 */
export function chooseTables(
  names: readonly string[],
  tables: readonly NamedTable[],
  databases: readonly string[],
): ChosenTables {
  const chosen = new Set<NamedTable>();
  const complete = new Set<string>();
  for (const name of names) {
    const { schema, table } = parseName(name);
    if (!databases.includes(schema)) throw notThere(`database ${quoteLocation(schema)}`, schema, databases);
    const ofSchema = tables.filter((each) => each.schema === schema);
    if (table === undefined) {
      complete.add(schema);
      for (const each of ofSchema) chosen.add(each);
      continue;
    }
    const found = ofSchema.find((each) => each.name === table);
    if (found === undefined)
      throw notThere(
        `table ${quoteLocation(`${schema}.${table}`)}`,
        table,
        ofSchema.map((each) => each.name),
      );
    chosen.add(found);
  }
  return { tables: [...chosen], databases: [...complete] };
}

/** Throws a TwinDbError for what is no name, before anything is fetched. */
export function parseName(name: string): { readonly schema: string; readonly table: string | undefined } {
  const [, quoted, plain, quotedTable, plainTable] = NAME.exec(name) ?? [];
  const schema = quoted?.replaceAll('``', '`') ?? plain;
  if (schema !== undefined) return { schema, table: quotedTable?.replaceAll('``', '`') ?? plainTable };
  throw new TwinDbError(`${quoteLocation(name)} names no table`, {
    remedy: 'Name a database as DB or a table as DB.TABLE; a name with a dot goes in backticks: `a.b`.TABLE.',
  });
}

function notThere(what: string, name: string, there: readonly string[]): TwinDbError {
  return new TwinDbError(`The restored server has no ${what}${didYouMean(name, there)}`, {
    remedy:
      'It may have been made later, or dropped before: name another copy or target. Nothing is restored.',
  });
}

/** A foreign key, from the table that has it to the one that it points at. */
export interface Reference {
  readonly from: string;
  readonly to: string;
}

/** Tables in such an order that those that others point at come first; in a circle, as they come. Names as `quoteTable` gives them. */
export function parentsFirst(
  tables: readonly NamedTable[],
  references: readonly Reference[],
): readonly NamedTable[] {
  const byName = new Map(tables.map((each) => [quoteTable(each), each]));
  const parents = new Map<string, string[]>();
  for (const { from, to } of references) parents.set(from, [...(parents.get(from) ?? []), to]);
  const ordered = new Set<NamedTable>();
  const seen = new Set<string>();
  // A stack of our own: a chain of foreign keys may be as long as there are tables.
  for (const first of byName.keys()) {
    const open = [first];
    for (let name = open.at(-1); name !== undefined; name = open.at(-1)) {
      const isNew = !seen.has(name);
      seen.add(name);
      const waiting = isNew ? (parents.get(name) ?? []).filter((each) => !seen.has(each)) : [];
      if (waiting.length > 0) {
        open.push(...waiting);
        continue;
      }
      open.pop();
      const table = byName.get(name);
      if (table !== undefined) ordered.add(table);
    }
  }
  return [...ordered];
}

/** Those of ordered tables that point at themselves, or in a circle at one that comes later. Names as `quoteTable` gives them. */
export function pointingOn(tables: readonly NamedTable[], references: readonly Reference[]): Set<string> {
  const order = new Map(tables.map((each, index) => [quoteTable(each), index]));
  const isOn = ({ from, to }: Reference) => (order.get(to) ?? -1) >= (order.get(from) ?? tables.length);
  return new Set(references.filter(isOn).map(({ from }) => from));
}
