import { keepLocalKey } from '../copies/keep-local-key.ts';
import { nameOfKey, parseKey } from '../copies/key.ts';
import { datedByName, describeLog } from '../copies/order-binlogs.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import type { Catalogue } from './catalogue.ts';
import { findMedia, keyNamedBy, wrongType } from './find-copy.ts';
import { type FoundBinlogs, type KnownBinlog, listBinlogs, lookUpBinlogs } from './list-binlogs.ts';
import type { FoundCopies } from './list-copies.ts';

/**
 * Finds copies of binary logs. Each of `wanted` is what `ls` prints, a key, or a name that only one copy of this host has, or, where that has none, only one of
 * all hosts; with or without the suffixes of the object. A name of the server's own is also that of the copies which carry their time behind it.
 * Throws a TwinDbError when there is none, or more than one.
 */
export async function findBinlogs(wanted: readonly string[], catalogue: Catalogue): Promise<KnownBinlog[]> {
  const { context } = catalogue;
  const indexes = new Map<FoundCopies, NamedBinlogs>();
  const indexOf = (found: FoundCopies): NamedBinlogs => {
    const known = indexes.get(found);
    if (known) return known;
    const index = byName(found);
    if (found.failure !== undefined && indexes.size === 0)
      context.log.warn(`Only the copies in keep_local_path can be used: ${describeError(found.failure)}`);
    indexes.set(found, index);
    return index;
  };
  const logs = new Map<string, readonly FoundCopy[]>();
  const describeChoices = async (choices: FoundBinlogs) =>
    (await lookUpBinlogs(choices, catalogue)).known.map(describeChoice).toSorted();
  for (const each of wanted) {
    let matches: FoundBinlogs = new Map();
    for (const listing of listingsFor(each, catalogue)) {
      matches = indexOf(await listing()).get(each) ?? matches;
      if (matches.size > 0) break;
    }
    const [key, copies] = await findOne(each, matches, describeChoices, catalogue);
    logs.set(key, copies);
  }
  return [...(await lookUpBinlogs(logs, catalogue)).known];
}

/** Where a log may be, to be looked at one after the other: what names its host is only there. */
function listingsFor(
  wanted: string,
  { context, list, listHost }: Catalogue,
): readonly (() => Promise<FoundCopies>)[] {
  const host = parseKey(keyNamedBy(wanted, context) ?? '')?.host;
  return host === undefined ? [() => listHost(context.host), () => list()] : [() => list(`${host}/binlog/`)];
}

/** The logs that have a name, by each name. */
type NamedBinlogs = ReadonlyMap<string, FoundBinlogs>;

function byName(found: FoundCopies): NamedBinlogs {
  const named = new Map<string, Map<string, readonly FoundCopy[]>>();
  for (const [key, copies] of listBinlogs(found).binlogs) {
    for (const name of namesOf(key, copies)) {
      const logs = named.get(name) ?? new Map<string, readonly FoundCopy[]>();
      named.set(name, logs.set(key, copies));
    }
  }
  return named;
}

/** The only one of the logs that have a name, with its key. */
async function findOne(
  wanted: string,
  matches: FoundBinlogs,
  describeChoices: (choices: FoundBinlogs) => Promise<string[]>,
  catalogue: Catalogue,
): Promise<readonly [string, readonly FoundCopy[]]> {
  const [match, ...others] = matches;
  if (match === undefined) {
    const media = await findMedia(wanted, catalogue);
    if (media !== undefined && media !== 'binlog') throw wrongType(wanted, media, 'binlog');
    throw new TwinDbError(`There is no copy ${wanted} on ${catalogue.context.destination.url}`, {
      remedy: 'twindb-backup ls --type binlog shows the copies there are.',
    });
  }
  if (others.length === 0) return match;
  const choices = (await describeChoices(matches)).join('\n');
  throw new TwinDbError(
    `${quoteLocation(wanted)} is the name of several copies; give one of these instead:\n${choices}`,
    {
      hasLines: true,
      remedy: 'To go on from a restored copy of MySQL, take those that restore mysql has named at its end.',
    },
  );
}

/** After RESET MASTER a server gives its names again: which of its logs is meant must not be guessed. */
function describeChoice(binlog: KnownBinlog): string {
  return describeLog(quoteLocation(binlog.key), binlog);
}

function namesOf(key: string, copies: readonly FoundCopy[]): ReadonlySet<string> {
  const name = nameOfKey(key);
  const { binlog } = datedByName(name);
  const objects = copies.flatMap(({ destination, object, location, parsed }) => [
    object.key,
    parsed.name,
    binlog + parsed.name.slice(name.length),
    location,
    destination.locate(key),
  ]);
  return new Set([key, name, binlog, ...objects, ...objects.map(keepLocalKey)]);
}
