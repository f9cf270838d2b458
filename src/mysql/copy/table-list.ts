import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { TableEngines } from '../server/list-tables.ts';

/** Names or numbers of tables by schema and engine. */
type Listed = Readonly<Record<string, Readonly<Record<string, readonly string[] | number>>>>;

/** What a copy must hold: the names of its tables, or how many there are by schema and engine. */
export interface ExpectedTables {
  readonly names: TableEngines | undefined;
  /** By `SCHEMA/ENGINE`; a schema that is empty stands for all. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Characters that a list may take in a status, which has one for each copy and is read by each run. */
const LONGEST = 12_000;

/** What it may take when it is unpacked, in bytes: a status is foreign text. */
const MOST_BYTES = 4 << 20;

/** The tables that were there before a copy was made and after, with the same engine: it must hold these. */
export function inBoth(before: TableEngines, after: TableEngines): TableEngines {
  return new Map([...before].filter(([table, engine]) => after.get(table) === engine));
}

/**
 * The list as a copy's status records it: names by schema and engine, as packed JSON in base64. Where that is too long, the numbers alone,
 * at last without the schemas.
 */
export function packTables(tables: TableEngines): string {
  const names = new Map<string, Map<string, string[]>>();
  const totals = new Map<string, number>();
  for (const [path, engine] of [...tables].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [schema = '', table = ''] = path.split('/');
    const engines = names.get(schema) ?? new Map<string, string[]>();
    const list = engines.get(engine) ?? [];
    list.push(table);
    names.set(schema, engines.set(engine, list));
    totals.set(engine, (totals.get(engine) ?? 0) + 1);
  }
  const listed = (of: (list: readonly string[]) => readonly string[] | number): Listed =>
    Object.fromEntries(
      [...names].map(([schema, engines]) => [
        schema,
        Object.fromEntries([...engines].map(([engine, list]) => [engine, of(list)])),
      ]),
    );
  const packed = [listed((list) => list), listed(({ length }) => length)].map(pack);
  return packed.find((text) => text.length <= LONGEST) ?? pack({ '': Object.fromEntries(totals) });
}

function pack(listed: Listed): string {
  return deflateRawSync(JSON.stringify(listed), { level: 9 }).toString('base64');
}

/** The inverse; undefined when that is no such list. */
export function unpackTables(packed: string): ExpectedTables | undefined {
  let listed: unknown;
  try {
    const json = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: MOST_BYTES });
    listed = JSON.parse(json.toString());
  } catch {
    return undefined;
  }
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const [schema, engines] of entriesOf(listed)) {
    for (const [engine, tables] of entriesOf(engines)) {
      const list: readonly unknown[] | undefined = Array.isArray(tables) ? tables : undefined;
      const count = list?.length ?? tables;
      if (typeof count !== 'number') return undefined;
      counts.set(`${schema}/${engine}`, count);
      for (const table of list ?? []) names.set(`${schema}/${String(table)}`, engine);
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { names: names.size === total ? names : undefined, counts };
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
