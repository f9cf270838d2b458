import { describeError } from '../errors.ts';
import type { Attributes } from '../status/entries.ts';
import { FILES_STATUS } from '../status/files-status.ts';
import { entriesOf } from '../status/periodic-status.ts';
import { openStatusStore } from '../status/status-store.ts';
import type { JobContext } from './job-context.ts';
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

/** Looks each file copy up in the status of its host and place. A status that cannot be read is reported, not fatal. */
export async function markListed(found: readonly FoundCopy[], context: JobContext): Promise<MarkedCopies> {
  const statuses = new Map<string, ReadonlyMap<string, Attributes> | undefined>();
  const copies: MarkedCopy[] = [];
  for (const copy of found) {
    if (copy.parsed.media !== 'files') {
      copies.push({ ...copy, listed: undefined, attributes: undefined });
      continue;
    }
    const id = `${copy.place} ${copy.parsed.host}`;
    if (!statuses.has(id)) statuses.set(id, await readStatus(copy, context));
    const status = statuses.get(id);
    const attributes = status?.get(copy.object.key);
    copies.push({ ...copy, listed: status && attributes !== undefined, attributes });
  }
  return { copies, complete: ![...statuses.values()].includes(undefined) };
}

async function readStatus(
  { place, parsed }: FoundCopy,
  context: JobContext,
): Promise<ReadonlyMap<string, Attributes> | undefined> {
  const destination = place === 'local' ? context.local : context.remote;
  try {
    const { status } = await openStatusStore(
      destination ?? context.remote,
      parsed.host,
      FILES_STATUS,
      context,
    ).read();
    return new Map(entriesOf(status));
  } catch (error) {
    context.log.error(describeError(error));
    return undefined;
  }
}
