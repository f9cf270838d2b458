import { macOf } from '../integrity/entry-mac.ts';
import type { Keyring } from '../integrity/keyring.ts';
import type { Attributes } from './entries.ts';
import type { StatusFormat } from './status-format.ts';

/** The attributes of a copy with the `mac` of them as they will be read back; as they are where there is no key. */
export function signEntry<S>(
  { kind, signed }: Pick<StatusFormat<S>, 'kind' | 'signed'>,
  key: string,
  attributes: Attributes,
  keyring: Keyring | undefined,
): Attributes {
  if (keyring === undefined) return attributes;
  return { ...attributes, mac: macOf({ kind, key, attributes, names: signed }, keyring.keys[0]) };
}

/** Whether any copy is signed, with whatever key. */
export function hasSigned<S>(format: StatusFormat<S>, status: S): boolean {
  return format.entries(status).some(([, { mac }]) => mac !== undefined && mac !== null);
}

/** `status` with all of its copies signed, in the form in which they will be read back. */
export function signAll<S>(format: StatusFormat<S>, status: S, keyring: Keyring): S {
  const stored = format.parse(format.serialise(status));
  return format.mapEntries(stored, (key, attributes) => signEntry(format, key, attributes, keyring));
}
