import { type BinlogCopy, binlogKeyOfObject } from '../../copies/binlog-copy.ts';
import type { Destination } from '../../destinations/destination.ts';
import { type BinlogStatus, binlogCopies, withBinlog, withoutBinlogs } from '../../kinds/binlog.ts';
import type { Log } from '../../log.ts';
import { type BinlogPolicy, planBinlogs } from '../../retention/plan-binlogs.ts';
import { type CopyPlace, recordCopy } from '../record/record-copy.ts';

/** Enters the copy of a log, which lies in the object `made`, in the status. */
export async function recordBinlog(
  place: CopyPlace<BinlogStatus>,
  copy: BinlogCopy,
  made: string,
  log: Log,
): Promise<void> {
  await recordCopy<BinlogStatus, BinlogCopy>(
    place,
    {
      made,
      enter: (status) => withBinlog(status, copy, place.sign),
      plan: () => [],
      without: withoutBinlogs,
    },
    log,
  );
}

/** Removes the copies of logs that are too old, and their entries. */
export async function expireBinlogs(
  place: CopyPlace<BinlogStatus>,
  policy: BinlogPolicy,
  { host, log }: { readonly host: string; readonly log: Log },
): Promise<void> {
  await recordCopy<BinlogStatus, BinlogCopy>(
    place,
    {
      enter: (status) => status,
      plan: (status) => planBinlogs(binlogCopies(status), policy),
      without: withoutBinlogs,
      objectsOf: (copies) => findObjects(place.destination, host, copies),
    },
    log,
  );
}

/** The Python tool does not record the suffixes of its objects, so those that are there have to be looked at. */
async function findObjects(
  destination: Destination,
  host: string,
  copies: readonly BinlogCopy[],
): Promise<string[]> {
  if (copies.length === 0) return [];
  const keys = new Set(copies.map(({ key }) => key));
  const objects: string[] = [];
  for await (const { key } of destination.list(`${host}/binlog/`)) {
    if (keys.has(binlogKeyOfObject(key))) objects.push(key);
  }
  return objects;
}
