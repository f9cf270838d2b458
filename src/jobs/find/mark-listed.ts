import { binlogKeyOfObject } from '../../copies/binlog-copy.ts';
import { describeError } from '../../errors.ts';
import { BINLOG_STATUS } from '../../kinds/binlog.ts';
import { FILES_STATUS } from '../../kinds/files.ts';
import { LOCAL_MYSQL_STATUS, MYSQL_STATUS } from '../../kinds/mysql.ts';
import type { Attributes } from '../../status/entries.ts';
import { entriesOf } from '../../status/layout.ts';
import type { StatusFormat } from '../../status/status-format.ts';
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
  const destination = place === 'local' ? (context.local ?? context.remote) : context.remote;
  const read = async <S>(format: StatusFormat<S>): Promise<S> =>
    (await openStatusStore(destination, parsed.host, format, context).read()).status;
  const lookUpIn = (entries: Iterable<readonly [string, Attributes]>): Lookup => {
    const byKey = new Map(entries);
    return (objectKey) => byKey.get(objectKey);
  };
  switch (parsed.media) {
    case 'files':
      return lookUpIn(entriesOf(await read(FILES_STATUS)));
    case 'mysql':
      return lookUpIn(entriesOf(await read(place === 'local' ? LOCAL_MYSQL_STATUS : MYSQL_STATUS)));
    case 'binlog': {
      const lookUp = lookUpIn(Object.entries(await read(BINLOG_STATUS)));
      return (objectKey) => lookUp(binlogKeyOfObject(objectKey));
    }
  }
}
