import { type BinlogCopy, binlogKeyOfObject } from '../copies/binlog-copy.ts';
import { nameOfKey } from '../copies/key.ts';
import { type DatedLog, datedByName } from '../copies/order-binlogs.ts';
import { BINLOG } from '../kinds/binlog.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import { type Catalogue, describeUnreadable, type KnownCopy } from './catalogue.ts';
import { recordOf } from './keep-trusted.ts';
import type { FoundCopies } from './list-copies.ts';

/** A binary log of which there are copies, and what is known of it. */
export interface KnownBinlog extends DatedLog {
  /** `HOST/binlog/NAME`, as the status has it: without the suffixes of the object. */
  readonly key: string;
  /** The last segment of the key. */
  readonly name: string;
  /** Its copies, keep-local first. */
  readonly candidates: readonly KnownCopy<BinlogCopy>[];
  /** What the first status that lists it, and may be believed, says of it; undefined when none does. */
  readonly copy: BinlogCopy | undefined;
}

/** Binary logs by their keys, with their copies, keep-local first. */
export type FoundBinlogs = ReadonlyMap<string, readonly FoundCopy[]>;

/** Binary logs, and why those at the destination are missing when it could not be listed. */
interface ListedBinlogs {
  readonly binlogs: FoundBinlogs;
  readonly failure: unknown;
}

/**
 * The logs of which copies were found. A destination that cannot be listed must not keep anyone from the copies that are
 * here; when there are none, its error is thrown.
 */
export function listBinlogs({ copies, failure }: FoundCopies): ListedBinlogs {
  const found = copies.filter(({ parsed }) => parsed.media === 'binlog');
  if (found.length === 0 && failure !== undefined) throw failure as Error;
  const binlogs = new Map<string, FoundCopy[]>();
  for (const copy of found) {
    const key = binlogKeyOfObject(copy.object.key);
    const known = binlogs.get(key);
    if (known) known.push(copy);
    else binlogs.set(key, [copy]);
  }
  return { binlogs, failure };
}

/** Logs with what is known of them, and why a status could not be read, if one could not. */
interface LookedUp {
  readonly known: readonly KnownBinlog[];
  readonly failure: string | undefined;
}

/** Looks logs up in the statuses beside their copies. */
export async function lookUpBinlogs(binlogs: FoundBinlogs, { lookUp, status }: Catalogue): Promise<LookedUp> {
  let failure: string | undefined;
  const known: KnownBinlog[] = [];
  for (const [key, copies] of binlogs) {
    const candidates = await lookUp(copies, BINLOG);
    for (const { place, parsed } of copies) {
      const beside = await status(place, parsed.host, BINLOG);
      if (beside.failure !== undefined) failure ??= describeUnreadable(beside.failure);
    }
    const copy = recordOf(candidates);
    const name = nameOfKey(key);
    const { binlog, timeCreated } = copy ?? datedByName(name);
    known.push({ key, name, binlog, timeCreated, candidates, copy });
  }
  return { known, failure };
}
