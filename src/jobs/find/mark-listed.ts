import { describeError } from '../../errors.ts';
import { openKind } from '../../kinds/kinds.ts';
import type { Attributes } from '../../status/entries.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import type { FoundCopy } from './list-copies.ts';

/** A copy and what the status says of it. */
export interface MarkedCopy extends FoundCopy {
  /** Whether the status lists it; undefined where that is not known. */
  readonly listed: boolean | undefined;
  readonly attributes: Attributes | undefined;
}

interface MarkedCopies {
  readonly copies: readonly MarkedCopy[];
  /** Whether every status could be read. */
  readonly complete: boolean;
}

/** What a status says of the copy that an object holds. */
type Lookup = (objectKey: string) => Attributes | undefined;

/** Looks each copy up in the status of its kind, host and place. A status that cannot be read is reported, not fatal. */
export async function markListed(found: readonly FoundCopy[], context: JobContext): Promise<MarkedCopies> {
  const statuses = new Map<string, Lookup | undefined>();
  const copies: MarkedCopy[] = [];
  for (const copy of found) {
    const id = [copy.place, copy.parsed.media, copy.parsed.host].join('/');
    if (!statuses.has(id)) statuses.set(id, await readStatus(copy, context));
    const lookUp = statuses.get(id);
    const attributes = lookUp?.(copy.object.key);
    copies.push({ ...copy, listed: lookUp && attributes !== undefined, attributes });
  }
  return { copies, complete: ![...statuses.values()].includes(undefined) };
}

async function readStatus(copy: FoundCopy, context: JobContext): Promise<Lookup | undefined> {
  try {
    return await openLookup(copy, context);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.error(describeError(error));
    return undefined;
  }
}

async function openLookup({ place, parsed }: FoundCopy, context: JobContext): Promise<Lookup> {
  const destination = place === 'local' ? (context.local ?? context.destination) : context.destination;
  const format = (await openKind(parsed.media)).formats[place];
  const { status } = await openStatusStore(destination, parsed.host, format, context).read();
  const byKey = new Map(format.entries(status));
  return (objectKey) => byKey.get(format.keyOf(objectKey));
}
