import { keepLocalKey } from '../copies/keep-local-key.ts';
import { nameOfKey } from '../copies/key.ts';
import { datedByName, describeLog } from '../copies/order-binlogs.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import type { Catalogue } from './catalogue.ts';
import { type KnownBinlog, listBinlogs, lookUpBinlogs } from './list-binlogs.ts';

/**
 * Finds copies of binary logs. Each of `wanted` is what `ls` prints, a key, or a name that only one copy has, with or
 * without the suffixes of the object; a name of the server's own is also that of the copies which carry their time behind it.
 * Throws a TwinDbError when there is none, or more than one.
 */
export async function findBinlogs(wanted: readonly string[], catalogue: Catalogue): Promise<KnownBinlog[]> {
  const { binlogs, failure } = await listBinlogs('', catalogue);
  if (failure !== undefined)
    catalogue.context.log.warn(`Only the copies in keep_local_path can be used: ${describeError(failure)}`);
  const named = new Map<string, string[]>();
  for (const [key, copies] of binlogs)
    for (const name of namesOf(key, copies)) named.set(name, [...(named.get(name) ?? []), key]);
  const pick = (keys: readonly string[]) => new Map(keys.map((key) => [key, binlogs.get(key) ?? []]));
  const describeChoices = async (keys: readonly string[]) =>
    (await lookUpBinlogs(pick(keys), catalogue)).known.map(describeChoice).toSorted();
  const found: string[] = [];
  for (const each of wanted)
    found.push(await findOne(each, named.get(each) ?? [], describeChoices, catalogue));
  return [...(await lookUpBinlogs(pick(found), catalogue)).known];
}

/** The only one of the logs that have a name, by its key. */
async function findOne(
  wanted: string,
  matches: readonly string[],
  describeChoices: (keys: readonly string[]) => Promise<string[]>,
  { context }: Catalogue,
): Promise<string> {
  const [match, ...others] = matches;
  if (match === undefined) {
    throw new TwinDbError(`There is no copy ${wanted} on ${context.destination.url}`, {
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
