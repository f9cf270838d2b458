import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IntegrityKey, Keyring } from './keyring.ts';

/** What a `mac` is made of. */
export interface SignedEntry {
  /** `files`, `mysql` or `binlog`. */
  readonly kind: string;
  readonly key: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The attributes that count, in their order. A list may grow: one that an entry does not have leaves no trace. */
  readonly names: readonly string[];
}

/** What a `mac` proves. `unknown`: it is of a key that is not here. */
export type MacState = 'valid' | 'wrong' | 'absent' | 'unknown';

const FORM = 'twindb-backup entry 1';

/** `ID:HEX`, the HMAC-SHA256 of the canonical form (docs/security.md). */
export function macOf(entry: SignedEntry, { id, secret }: IntegrityKey): string {
  return `${id}:${createHmac('sha256', secret).update(canonicalForm(entry)).digest('hex')}`;
}

/** Compares an entry with its attribute `mac`. */
export function checkMac(entry: SignedEntry, keyring: Keyring | undefined): MacState {
  const { mac } = entry.attributes;
  const id = keyIdOf(mac);
  if (id === undefined) return 'absent';
  const key = keyring?.keys.find((each) => each.id === id);
  if (key === undefined) return 'unknown';
  const [given, expected] = [Buffer.from(String(mac)), Buffer.from(tryMacOf(entry, key))];
  return given.length === expected.length && timingSafeEqual(given, expected) ? 'valid' : 'wrong';
}

/** The ID in a `mac`; undefined when it has not the form of one, as if there were none. */
export function keyIdOf(mac: unknown): string | undefined {
  return typeof mac === 'string' ? /^([\w.-]{1,64}):[0-9a-f]{64}$/.exec(mac)?.[1] : undefined;
}

/** An attribute that is nested deeper than JavaScript can walk was not signed here. */
function tryMacOf(entry: SignedEntry, key: IntegrityKey): string {
  try {
    return macOf(entry, key);
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
}

/**
 * JSON without blanks: the name of this form, kind and key, then name and value of each attribute that is there. The members of
 * an object stand in the order of their names' code units.
 */
function canonicalForm({ kind, key, attributes, names }: SignedEntry): string {
  const pairs = names
    .filter((name) => Object.hasOwn(attributes, name) && (attributes[name] ?? null) !== null)
    .map((name) => [name, attributes[name]]);
  return JSON.stringify([FORM, kind, key, ...pairs], (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
