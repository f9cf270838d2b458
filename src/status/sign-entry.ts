import { checkMac, keyIdOf, type MacState, macOf, type SignedEntry } from '../integrity/entry-mac.ts';
import type { Keyring } from '../integrity/keyring.ts';
import { type Attributes, type Status } from './entries.ts';
import type { StatusFormat } from './status-format.ts';

/** The attributes of a copy with the `mac` of them as they will be read back; as they are where there is no key. */
export function signEntry(
  format: StatusFormat,
  key: string,
  attributes: Attributes,
  keyring: Keyring | undefined,
): Attributes {
  if (keyring === undefined) return attributes;
  return { ...attributes, mac: macOf(signedEntry(format, key, attributes), keyring.keys[0]) };
}

/** What the `mac` in the attributes of a copy proves. */
export function checkEntry(
  format: StatusFormat,
  key: string,
  attributes: Attributes,
  keyring: Keyring | undefined,
): MacState {
  return checkMac(signedEntry(format, key, attributes), keyring);
}

function signedEntry(format: StatusFormat, key: string, attributes: Attributes): SignedEntry {
  const { mac } = attributes;
  return {
    kind: format.kind,
    key,
    attributes: { ...format.signable(attributes), mac },
    names: format.signed,
  };
}

/** Whether any copy is signed, with whatever key. */
export function hasSigned(format: StatusFormat, status: Status): boolean {
  return format.entries(status).some(([, { mac }]) => keyIdOf(mac) !== undefined);
}

/** `status` with the copies signed that `isToBeSigned` says, in the form in which they will be read back. */
export function signAll(
  format: StatusFormat,
  status: Status,
  isToBeSigned: (key: string, attributes: Attributes) => boolean,
  keyring: Keyring,
): Status {
  const stored = format.parse(format.serialise(status));
  return format.mapEntries(stored, (key, attributes) =>
    isToBeSigned(key, attributes) ? signEntry(format, key, attributes, keyring) : attributes,
  );
}
