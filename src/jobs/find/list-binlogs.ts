import { type BinlogCopy, binlogKeyOfObject } from '../../copies/binlog-copy.ts';
import { nameOfKey, parseKey } from '../../copies/key.ts';
import { type DatedLog, datedByName } from '../../copies/order-binlogs.ts';
import type { Destination } from '../../destinations/destination.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import type { JobContext } from '../job-context.ts';
import { ClosedFolders } from './closed-folders.ts';
import type { Candidate } from './find-copy.ts';
import { type RecordContext, type Records, readRecords } from './find-record.ts';
import type { Known } from './keep-trusted.ts';

/** A copy of a binary log and the objects that hold it, keep-local first. */
export interface FoundBinlog {
  /** `HOST/binlog/NAME`, as the status has it: without the suffixes of the object. */
  readonly key: string;
  /** The last segment of the key. */
  readonly name: string;
  readonly candidates: readonly Candidate[];
}

/** A copy of a binary log, and what is known of it. */
export interface KnownBinlog extends FoundBinlog, DatedLog {
  readonly candidates: readonly Known<BinlogCopy>[];
  /** What the first status that lists it, and may be believed, says of it; undefined when none does. */
  readonly copy: BinlogCopy | undefined;
}

/** Copies of binary logs, and why those on the destination are missing when it could not be listed. */
interface ListedBinlogs {
  readonly binlogs: readonly FoundBinlog[];
  readonly failure: unknown;
}

/**
 * The copies whose keys begin with `prefix`. A destination that cannot be listed must not keep anyone from the copies that lie
 * here; when there are none, its error is thrown.
 */
export async function listBinlogs(
  prefix: string,
  context: Pick<JobContext, 'local' | 'destination' | 'signal' | 'warnLasting'>,
): Promise<ListedBinlogs> {
  const { local, destination, signal } = context;
  const candidates = local === undefined ? [] : await listIn(local, prefix, context);
  let failure: unknown;
  try {
    candidates.push(...(await listIn(destination, prefix, context)));
  } catch (error) {
    if (candidates.length === 0 || signal.aborted) throw error;
    failure = error;
  }
  const byKey = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const key = binlogKeyOfObject(candidate.object.key);
    byKey.set(key, [...(byKey.get(key) ?? []), candidate]);
  }
  const binlogs = [...byKey].map(([key, each]) => ({ key, name: nameOfKey(key), candidates: each }));
  return { binlogs, failure };
}

async function listIn(
  destination: Destination,
  prefix: string,
  { warnLasting }: Pick<JobContext, 'warnLasting'>,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const closed = new ClosedFolders();
  for await (const object of destination.list(prefix, closed.note)) {
    const parsed = parseKey(object.key);
    if (parsed?.media === 'binlog') candidates.push({ destination, object, parsed });
  }
  closed.warn(destination, warnLasting);
  return candidates;
}

/** Copies with what is known of them, and why a status could not be read, if one could not. */
interface LookedUp {
  readonly known: readonly KnownBinlog[];
  readonly failure: string | undefined;
}

/** Looks copies up in the statuses beside them, each of which is read once: there may be thousands. */
export async function lookUpBinlogs(
  binlogs: readonly FoundBinlog[],
  context: RecordContext,
): Promise<LookedUp> {
  let failure: string | undefined;
  const statuses = new Map<string, Records<BinlogCopy>>();
  const recordsBeside = async (candidate: Candidate): Promise<Records<BinlogCopy>> => {
    const id = candidate.destination.locate(candidate.parsed.host);
    const records = statuses.get(id) ?? (await readRecords(candidate, BINLOG, context));
    statuses.set(id, records);
    failure ??= records.failure;
    return records;
  };
  const known: KnownBinlog[] = [];
  for (const binlog of binlogs) {
    const candidates: Known<BinlogCopy>[] = [];
    for (const candidate of binlog.candidates) {
      candidates.push({ ...candidate, lookup: (await recordsBeside(candidate)).lookUp(candidate) });
    }
    const copy = candidates.find(
      ({ lookup: { record, verdict } }) => record !== undefined && verdict.kind !== 'refused',
    )?.lookup.record;
    const dated = copy ?? datedByName(binlog.name);
    known.push({ ...binlog, candidates, binlog: dated.binlog, timeCreated: dated.timeCreated, copy });
  }
  return { known, failure };
}
