import { type ParsedKey, parseKey } from '../copies/key.ts';
import type { Attributes } from '../status/entries.ts';

/** An entry of a status. */
export interface Entry {
  readonly key: string;
  readonly parsed: ParsedKey;
  readonly attributes: Attributes;
}

/** How one property of a copy is stored in its entry: both directions. */
export interface Field<T> {
  /** Those of its attributes that a `mac` covers. */
  readonly signed: readonly string[];
  write(value: T): Attributes;
  /** `LACKING` when the entry says nothing of what no copy can do without. */
  read(entry: Entry): T | typeof LACKING;
}

export const LACKING = Symbol('lacking');

/** What stands for a value in JSON; undefined when that is none of this type. */
type Reader<T> = (value: unknown, entry: Entry) => T | undefined;

/** A property without which an entry is not understood. */
export function required<T>(name: string, readValue: Reader<T>): Field<T> {
  return {
    signed: [name],
    write: (value) => ({ [name]: value }),
    read: (entry) => readValue(entry.attributes[name], entry) ?? LACKING,
  };
}

/** A property that may not be known: null in the entry. */
export function optional<T>(name: string, readValue: Reader<T>): Field<T | undefined> {
  return {
    signed: [name],
    write: (value) => ({ [name]: value ?? null }),
    read: (entry) => readValue(entry.attributes[name], entry),
  };
}

/** A property that the key has, and no attribute. */
export function fromKey<T>(read: (parsed: ParsedKey) => T): Field<T> {
  return { signed: [], write: () => ({}), read: ({ parsed }) => read(parsed) };
}

/** Several attributes that are known together or not at all. */
export function group<T extends object>(table: AttributeTable<T>): Field<T | undefined> {
  return {
    signed: signedIn(table),
    write: (value) => (value === undefined ? {} : writeAttributes(table, value)),
    read: (entry) => readProperties(table, entry),
  };
}

/**
 * Each property of a copy, and how it is stored in its entry. The order is that in which a `mac` covers the attributes: add at the
 * end.
 */
export type AttributeTable<C> = {
  readonly [P in keyof C]-?: Field<C[P]>;
};

type AnyField = Field<unknown>;

function fieldsOf<C>(table: AttributeTable<C>): [keyof C, AnyField][] {
  return Object.entries(table) as [keyof C, AnyField][];
}

/** The attributes that a `mac` covers, in their order. */
export function signedIn<C>(table: AttributeTable<C>): string[] {
  return fieldsOf(table).flatMap(([, { signed }]) => signed);
}

/** What an entry says of a copy. */
export function writeAttributes<C>(table: AttributeTable<C>, copy: C): Attributes {
  return Object.assign({}, ...fieldsOf(table).map(([property, field]) => field.write(copy[property])));
}

/** The inverse of `writeAttributes`; undefined when the entry lacks a required one. */
export function readProperties<C>(table: AttributeTable<C>, entry: Entry): C | undefined {
  const values = fieldsOf(table).map(([property, field]) => [property, field.read(entry)] as const);
  return values.some(([, value]) => value === LACKING) ? undefined : (Object.fromEntries(values) as C);
}

/** An entry under a key that a copy can have. */
export function toEntry(key: string, attributes: Attributes): Entry | undefined {
  const parsed = parseKey(key);
  return parsed && { key, parsed, attributes };
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function asTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
