import type { Pin, PinnableCopy } from '../copies/pin.ts';
import type { Attributes } from '../status/entries.ts';
import { isRecord } from '../status/envelope.ts';
import { type AttributeTable, asNumber, asText } from './attribute-table.ts';

/**
 * How the entries of every kind say that a copy is pinned. No `mac` covers it, as no restore relies on it: who can write to the status can
 * delete the copy itself. A `mac` that covered it would be wrong, and the copy refused, where a crash left the pin in one of the two
 * files of a status, where the key of another machine signed the entry, and for an earlier version of this tool.
 */
export const PIN_FIELD: AttributeTable<PinnableCopy> = {
  pin: {
    signed: [],
    // Without a pin the attribute is absent: null would hide one that only the second copy of the status has.
    write: (pin) => (pin === undefined ? {} : writePin(pin)),
    read: ({ attributes }) => pinOf(attributes),
  },
};

/** Whether an entry says that its copy is pinned. What is in no form of ours is a pin all the same: keeping a copy is the safe side. */
export function pinOf({ pinned }: Attributes): Pin | undefined {
  if (pinned === undefined || pinned === null || pinned === false) return undefined;
  const { at, reason } = isRecord(pinned) ? pinned : {};
  return { at: asNumber(at), reason: asText(reason) };
}

/** The attributes with this pin; undefined: with none. */
export function withPin({ pinned: _before, ...others }: Attributes, pin: Pin | undefined): Attributes {
  return pin === undefined ? others : { ...others, ...writePin(pin) };
}

function writePin({ at, reason }: Pin): Attributes {
  return { pinned: { at: at ?? null, reason: reason ?? null } };
}
