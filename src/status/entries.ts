import { isRecord, StatusDamagedError } from './envelope.ts';

/** The attributes of one copy as they are stored; what we do not know is kept (contract: status files). */
export type Attributes = Readonly<Record<string, unknown>>;

/** Copies by their keys. */
export type Entries = Readonly<Record<string, Attributes>>;

/**
 * The content of a status: entries, or sections of entries; the layout of its format tells which (`layout.ts`). Never changed in
 * place.
 */
export type Status = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Checks that `value` maps keys to attributes. Throws a StatusDamagedError with `problem` when it does not. */
export function parseEntries(value: unknown, problem: string): Entries {
  if (!isRecord(value) || !Object.values(value).every(isRecord)) throw new StatusDamagedError(problem);
  return value as Record<string, Attributes>;
}

/**
 * `entries` with the attributes that only `others` knows. A key may be taken again by a later copy, by the Python tool
 * too; `timeOf` tells the two apart, and what was known of the earlier one is not said of the later one.
 */
export function mergeExtraAttributes(
  entries: Entries,
  others: Entries,
  timeOf: (attributes: Attributes) => unknown,
): Entries {
  return Object.fromEntries(
    Object.entries(entries).map(([key, attributes]) => {
      const other = Object.hasOwn(others, key) ? others[key] : undefined;
      const isSame = other !== undefined && timeOf(other) === timeOf(attributes);
      return [key, isSame ? { ...other, ...attributes } : attributes];
    }),
  );
}

/** The last second that a Date can have. Source: ECMA-262, "Time Values and Time Range". */
const LAST_SECOND = 8_640_000_000_000;

/** Whether a status can mean a time by this, in seconds since the epoch. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}
