import type { Pin } from '../../copies/pin.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { pinOf, withPin } from '../../kinds/pin-field.ts';
import type { StatusChange } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace } from '../record/record-copy.ts';
import { type HeldCopy, listHeld } from './held-copies.ts';
import { selectCopies } from './select-copies.ts';

/** How often a change is made again that a run without a common lock has undone at the same moment. */
const MOST_TRIES = 5;

/** A copy, and whether it was pinned before. */
export interface PinnedCopy {
  readonly location: string;
  readonly before: Pin | undefined;
}

/**
 * Pins copies of a host in each place that lists them, or takes the pins off (`pin` undefined). It waits for no lock: a copy has to be
 * saved from the retention of the very run that goes on. The statuses are changed on the condition that they are as they were read, and
 * a run that finds another version decides again. Throws a TwinDbError when no status lists a copy, before anything is changed.
 */
export async function pinCopies(
  wanted: readonly string[],
  pin: Pin | undefined,
  host: string,
  context: JobContext,
): Promise<PinnedCopy[]> {
  const held = await listHeld(host, context);
  const listed = wanted.flatMap((each) => {
    const found = selectCopies([each], host, held, context);
    const known = found.filter(({ attributes }) => attributes !== undefined);
    if (known.length > 0) return known;
    throw new TwinDbError(`${quoteLocation(found[0]?.location ?? each)} is in no status`, {
      remedy:
        'Retention does not delete it. twindb-backup check --adopt adds it to the status; then it can be pinned.',
    });
  });
  const copies = [...new Set(listed)];
  for (const place of new Set(copies.map((copy) => copy.place))) {
    await changePlace(
      place,
      copies.filter((copy) => copy.place === place),
      pin,
    );
  }
  return copies.map(({ location, pin: before }) => ({ location, before }));
}

async function changePlace(
  { status, format }: CopyPlace,
  copies: readonly HeldCopy[],
  pin: Pin | undefined,
): Promise<void> {
  const keys = new Set(copies.map(({ key }) => key));
  for (let tries = 1; ; tries++) {
    let isDone = true;
    const apply: StatusChange = (stored) => {
      const entries = new Map(format.entries(stored.status));
      const expired = copies.find(({ key }) => !entries.has(key));
      if (expired !== undefined && pin !== undefined) {
        throw new TwinDbError(
          `${quoteLocation(expired.location)} cannot be pinned: a run has just removed it from the status`,
        );
      }
      const isSo = (key: string) => isSamePin(pinOf(entries.get(key) ?? {}), pin);
      if ([...keys].every(isSo)) return undefined;
      isDone = false;
      const change = format.mapEntries(stored.status, (key, attributes) =>
        keys.has(key) ? withPin(attributes, pin) : attributes,
      );
      return { ...stored, status: change };
    };
    await status.change(apply);
    // Read back: on disks and over SSH another run may have written in the moment before.
    if (isDone) return;
    if (tries === MOST_TRIES)
      throw new TwinDbError('Other runs have written the status each time meanwhile: try again');
  }
}

/** Of a copy that is pinned only another reason changes anything. */
function isSamePin(found: Pin | undefined, wanted: Pin | undefined): boolean {
  if (found === undefined || wanted === undefined) return found === wanted;
  return wanted.reason === undefined || found.reason === wanted.reason;
}
