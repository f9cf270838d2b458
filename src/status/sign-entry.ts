import { checkMac, keyIdOf, type MacState, macOf, type SignedEntry } from '../integrity/entry-mac.ts';
import type { Keyring } from '../integrity/keyring.ts';
import type { Attributes } from './entries.ts';
import type { StatusFormat } from './status-format.ts';

/** The attributes of a copy with the `mac` of them as they will be read back; as they are where there is no key. */
export function signEntry<S>(
  format: StatusFormat<S>,
  key: string,
  attributes: Attributes,
  keyring: Keyring | undefined,
): Attributes {
  if (keyring === undefined) return attributes;
  return { ...attributes, mac: macOf(signedEntry(format, key, attributes), keyring.keys[0]) };
}

/** What the `mac` in the attributes of a copy proves. */
export function checkEntry<S>(
  format: StatusFormat<S>,
  key: string,
  attributes: Attributes,
  keyring: Keyring | undefined,
): MacState {
  return checkMac(signedEntry(format, key, attributes), keyring);
}

function signedEntry<S>(format: StatusFormat<S>, key: string, attributes: Attributes): SignedEntry {
  const { mac } = attributes;
  return {
    kind: format.kind,
    key,
    attributes: { ...format.signable(attributes), mac },
    names: format.signed,
  };
}

/** Whether any copy is signed, with whatever key. */
export function hasSigned<S>(format: StatusFormat<S>, status: S): boolean {
  return format.entries(status).some(([, { mac }]) => keyIdOf(mac) !== undefined);
}

/** `status` with the copies signed that `isToBeSigned` says, in the form in which they will be read back. */
export function signAll<S>(
  format: StatusFormat<S>,
  status: S,
  isToBeSigned: (key: string, attributes: Attributes) => boolean,
  keyring: Keyring,
): S {
  const stored = format.parse(format.serialise(status));
  return format.mapEntries(stored, (key, attributes) =>
    isToBeSigned(key, attributes) ? signEntry(format, key, attributes, keyring) : attributes,
  );
}
