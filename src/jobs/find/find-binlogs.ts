import { binlogKeyOfObject } from '../../copies/binlog-copy.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { nameOfKey, parseKey } from '../../copies/key.ts';
import type { Destination } from '../../destinations/destination.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';
import type { Candidate } from './find-copy.ts';

/** A copy of a binary log and the objects that hold it, keep-local first. */
export interface FoundBinlog {
  /** `HOST/binlog/NAME`, as the status has it: without the suffixes of the object. */
  readonly key: string;
  /** The last segment of the key. */
  readonly name: string;
  readonly candidates: readonly Candidate[];
}

/**
 * Finds copies of binary logs. Each of `wanted` is what `ls` prints, a key, or a name that only one host has, with or
 * without the suffixes of the object. Throws a TwinDbError when there is none, or more than one.
 */
export async function findBinlogs(
  wanted: readonly string[],
  context: Pick<JobContext, 'local' | 'remote' | 'log'>,
): Promise<FoundBinlog[]> {
  const all = await listBinlogs(context);
  const found = wanted.map((each) => findOne(each, all, context.remote));
  return found.filter((binlog, index) => found.indexOf(binlog) === index);
}

function findOne(wanted: string, all: readonly FoundBinlog[], remote: Destination): FoundBinlog {
  const matches = all.filter((binlog) => namesOf(binlog).has(wanted));
  const [match, ...others] = matches;
  if (match === undefined) {
    throw new TwinDbError(`There is no copy ${wanted} on ${remote.url}`, {
      remedy: 'twindb-backup ls --type binlog shows the copies there are.',
    });
  }
  if (others.length > 0) {
    const choices = matches.map(({ key }) => `  ${key}`).join('\n');
    throw new TwinDbError(`${wanted} is the name of several copies; give one of these instead:\n${choices}`);
  }
  return match;
}

function namesOf({ key, name, candidates }: FoundBinlog): ReadonlySet<string> {
  const objects = candidates.flatMap(({ destination, object, parsed }) => [
    object.key,
    parsed.name,
    destination.locate(object.key),
    destination.locate(key),
  ]);
  return new Set([key, name, ...objects, ...objects.map(keepLocalKey)]);
}

async function listBinlogs({
  local,
  remote,
  log,
}: Pick<JobContext, 'local' | 'remote' | 'log'>): Promise<FoundBinlog[]> {
  const kept = local === undefined ? [] : await listIn(local);
  const stored = await listIn(remote).catch((error: unknown) => {
    // A destination that cannot be reached must not keep anyone from the copies that lie here.
    if (kept.length === 0) throw error;
    log.warn(`Only the copies in keep_local_path can be used: ${describeError(error)}`);
    return [];
  });
  const byKey = new Map<string, Candidate[]>();
  for (const candidate of [...kept, ...stored]) {
    const key = binlogKeyOfObject(candidate.object.key);
    byKey.set(key, [...(byKey.get(key) ?? []), candidate]);
  }
  return [...byKey].map(([key, candidates]) => ({
    key,
    name: nameOfKey(key),
    candidates,
  }));
}

async function listIn(destination: Destination): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for await (const object of destination.list('')) {
    const parsed = parseKey(object.key);
    if (parsed?.media === 'binlog') candidates.push({ destination, object, parsed });
  }
  return candidates;
}
