import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { datedByName, describeLog } from '../../copies/order-binlogs.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, TwinDbError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';
import { findMedia, wrongType } from './find-copy.ts';
import type { RecordContext } from './find-record.ts';
import { type FoundBinlog, type KnownBinlog, listBinlogs, lookUpBinlogs } from './list-binlogs.ts';

type Context = RecordContext & Pick<JobContext, 'destination'>;

/**
 * Finds copies of binary logs. Each of `wanted` is what `ls` prints, a key, or a name that only one copy has, with or
 * without the suffixes of the object; a name of the server's own is also that of the copies which carry their time behind it.
 * Throws a TwinDbError when there is none, or more than one.
 */
export async function findBinlogs(wanted: readonly string[], context: Context): Promise<KnownBinlog[]> {
  const { binlogs, failure } = await listBinlogs('', context);
  if (failure !== undefined)
    context.log.warn(`Only the copies in keep_local_path can be used: ${describeError(failure)}`);
  const named = new Map<string, FoundBinlog[]>();
  for (const binlog of binlogs)
    for (const name of namesOf(binlog)) named.set(name, [...(named.get(name) ?? []), binlog]);
  const found = new Set<FoundBinlog>();
  for (const each of wanted) found.add(await findOne(each, named.get(each) ?? [], context));
  return [...(await lookUpBinlogs([...found], context)).known];
}

/** The only one of the copies that have a name. */
async function findOne(
  wanted: string,
  matches: readonly FoundBinlog[],
  context: Context,
): Promise<FoundBinlog> {
  const [match, ...others] = matches;
  if (match === undefined) {
    const media = await findMedia(wanted, context);
    if (media !== undefined && media !== 'binlog') throw wrongType(wanted, media, 'binlog');
    throw new TwinDbError(`There is no copy ${wanted} on ${context.destination.url}`, {
      remedy: 'twindb-backup ls --type binlog shows the copies there are.',
    });
  }
  if (others.length === 0) return match;
  const choices = (await lookUpBinlogs(matches, context)).known.map(describeChoice).toSorted().join('\n');
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

function namesOf({ key, name, candidates }: FoundBinlog): ReadonlySet<string> {
  const { binlog } = datedByName(name);
  const objects = candidates.flatMap(({ destination, object, parsed }) => [
    object.key,
    parsed.name,
    binlog + parsed.name.slice(name.length),
    destination.locate(object.key),
    destination.locate(key),
  ]);
  return new Set([key, name, binlog, ...objects, ...objects.map(keepLocalKey)]);
}
