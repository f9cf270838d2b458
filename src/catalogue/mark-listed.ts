import { forEachAtOnce, MOST_AT_ONCE } from '../at-once.ts';
import { binlogKeyOfObject, splitStoredName } from '../copies/binlog-copy.ts';
import { nameOfKey } from '../copies/key.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import { openKind } from '../kinds/kinds.ts';
import type { Attributes } from '../status/entries.ts';
import { readTimes } from '../status/read-number.ts';
import { toSeconds } from '../units.ts';
import type { Catalogue } from './catalogue.ts';

/** When a copy was made, in seconds since the epoch. Of a binary log both are the time at which the server began it. */
export interface CopyTimes {
  readonly started: number;
  readonly finished: number;
}

/** A copy and what the status says of it. */
export interface MarkedCopy extends FoundCopy {
  /** Whether the status lists it; undefined where that is not known. */
  readonly listed: boolean | undefined;
  readonly attributes: Attributes | undefined;
  /** By the status, else by the name, else by the object. */
  readonly times: CopyTimes;
}

interface MarkedCopies {
  readonly copies: readonly MarkedCopy[];
  /** Why a status could not be read, of each that could not. */
  readonly failures: readonly unknown[];
}

/**
 * Looks each copy up in the status of its kind, host and place, of which several are read at once. A status that cannot be read keeps nobody from the
 * others.
 */
export async function markListed(found: readonly FoundCopy[], { status }: Catalogue): Promise<MarkedCopies> {
  const statuses = new Map(
    found.map((copy) => [[copy.place, copy.parsed.media, copy.parsed.host].join('/'), copy]),
  );
  await forEachAtOnce(statuses.values(), MOST_AT_ONCE, async ({ place, parsed }) =>
    status(place, parsed.host, await openKind(parsed.media)),
  );
  const failures = new Set<unknown>();
  const copies: MarkedCopy[] = [];
  for (const copy of found) {
    const kind = await openKind(copy.parsed.media);
    const { failure, attributesOf } = await status(copy.place, copy.parsed.host, kind);
    if (failure !== undefined) failures.add(failure);
    const attributes = attributesOf(copy);
    const byEntry = attributes && kind.formats[copy.place].timeOf(attributes);
    copies.push({
      ...copy,
      listed: failure === undefined ? attributes !== undefined : undefined,
      attributes,
      times: timesOf(copy, attributes, byEntry),
    });
  }
  return { copies, failures: [...failures] };
}

function timesOf(
  { parsed, object }: FoundCopy,
  attributes: Attributes | undefined,
  byEntry: number | undefined,
): CopyTimes {
  if (parsed.runType !== undefined) {
    const times = readTimes(object.key, attributes ?? {});
    if (times !== undefined) return times;
  }
  const byName = splitStoredName(nameOfKey(binlogKeyOfObject(object.key))).time;
  const time = byEntry ?? byName ?? toSeconds(object.modified);
  return { started: time, finished: time };
}
