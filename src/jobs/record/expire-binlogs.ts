import { type BinlogCopy, binlogKeyOfObject } from '../../copies/binlog-copy.ts';
import type { Writer } from '../../copies/writer.ts';
import type { Destination } from '../../destinations/destination.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import type { Log } from '../../log.ts';
import { findExpirable } from '../../retention/own-copies.ts';
import { type BinlogPolicy, planBinlogs } from '../../retention/plan-binlogs.ts';
import { type CopyPlace, changeStatus, type StatusChange } from './record-copy.ts';

/** Which copies of logs are too old, of `us` and its past. They and their entries go. */
export function binlogExpiry(
  { destination }: CopyPlace,
  us: Writer,
  policy: BinlogPolicy,
  host: string,
): StatusChange<BinlogCopy> {
  const { justCopied } = policy;
  const expiring = {
    unitOf: () => 'binlogs',
    ...(justCopied && { isJustMade: ({ key }: BinlogCopy) => justCopied.has(key) }),
  };
  return {
    plan: (status) => planBinlogs(findExpirable(BINLOG.copies(status), us, expiring), policy),
    objectsOf: (copies) => findObjects(destination, host, copies),
  };
}

/** Removes the copies of logs that are too old, and their entries; of `us` and its past. */
export async function expireBinlogs(
  place: CopyPlace,
  us: Writer,
  policy: BinlogPolicy,
  { host, log }: { readonly host: string; readonly log: Log },
): Promise<void> {
  await changeStatus(place, binlogExpiry(place, us, policy, host), log);
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
  // They are in this folder itself: one below it may be closed.
  for await (const { key } of destination.list(`${host}/binlog/`, () => {})) {
    if (keys.has(binlogKeyOfObject(key))) objects.push(key);
  }
  return objects;
}
