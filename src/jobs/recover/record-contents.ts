import type { BinlogContents } from '../../copies/binlog-contents.ts';
import { describeError } from '../../errors.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import type { Attributes, Status } from '../../status/entries.ts';
import { checkEntry } from '../../status/sign-entry.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { type CopyPlace, listPlaces } from '../record/record-copy.ts';

/** What was found in logs, by the keys of their copies. */
export type FoundContents = ReadonlyMap<string, BinlogContents>;

/**
 * Adds to the statuses of a host what was found in its logs, so that they need not be read again for it. Entries that have it, that were signed elsewhere, or that
 * are missing are left alone. Best effort: a status that cannot be written is no obstacle to a recovery.
 */
export async function recordContents(found: FoundContents, host: string, context: JobContext): Promise<void> {
  if (found.size === 0) return;
  const { binlog } = await openPlaces({ ...context, host });
  for (const place of listPlaces(binlog)) {
    try {
      await place.status.change((stored) => {
        const status = complete(stored.status, found, place, context);
        return status === undefined ? undefined : { ...stored, status };
      });
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.debug(`What was found in binary logs is not added to the status: ${describeError(error)}`);
    }
  }
}

/** Undefined: no entry lacks anything. */
function complete(
  status: Status,
  found: FoundContents,
  { format, sign }: CopyPlace,
  { integrity }: JobContext,
): Status | undefined {
  const records = new Map(BINLOG.copies(status).map((copy) => [copy.key, copy]));
  let isChanged = false;
  const completed = format.mapEntries(status, (key, attributes) => {
    const [record, contents] = [records.get(key), found.get(key)];
    if (record === undefined || record.contents !== undefined || contents === undefined) return attributes;
    const added = newIn(BINLOG.attributes({ ...record, contents }), BINLOG.attributes(record));
    const mac = checkEntry(format, key, attributes, integrity.keys());
    if (mac !== 'valid' && mac !== 'absent') return attributes;
    isChanged = true;
    const more = { ...attributes, ...added };
    return mac === 'valid' ? sign(key, more) : more;
  });
  return isChanged ? completed : undefined;
}

function newIn(attributes: Attributes, known: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !Object.hasOwn(known, name)));
}
