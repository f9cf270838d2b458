import { keyNamedBy } from '../../catalogue/find-copy.ts';
import { isBinlogName } from '../../copies/binlog-copy.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { nameOfKey, parseKey } from '../../copies/key.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';
import { type HeldCopies, type HeldCopy, identityOf } from './held-copies.ts';

/**
 * The copies that are meant, in each place that has them. Each of `wanted` is what `ls` prints, a key, or a name that only one copy of the
 * host has. A path below keep_local_path means the copy there; everything else means the copy wherever it is. Throws a TwinDbError
 * when there is none, when several have the name, or when it is one of another host.
 */
export function selectCopies(
  wanted: readonly string[],
  host: string,
  held: HeldCopies,
  context: Pick<JobContext, 'local' | 'destination'>,
): HeldCopy[] {
  return [...new Set(wanted.flatMap((each) => selectOne(each, host, held, context)))];
}

function selectOne(
  wanted: string,
  host: string,
  held: HeldCopies,
  context: Pick<JobContext, 'local' | 'destination'>,
): HeldCopy[] {
  const key = keyNamedBy(wanted, context);
  const parsed = key === undefined ? undefined : parseKey(key);
  if (key === undefined || parsed === undefined) return selectByName(wanted, host, held, context);
  if (parsed.host !== host) {
    throw new TwinDbError(
      `${quoteLocation(wanted)} is a copy of the host ${quoteLocation(parsed.host)}, not of ${host}`,
      {
        remedy: `If that is meant, give --hostname ${quoteLocation(parsed.host)}.`,
      },
    );
  }
  const identity = identityOf(held.places[parsed.media].destination, key);
  const isLocal = context.local?.locate(key) === wanted && context.destination.locate(key) !== wanted;
  const found = held.copies.filter(
    ({ identity: each, place }) => each === identity && (!isLocal || place.role === 'local'),
  );
  if (found.length === 0) throw notFound(wanted, host, context);
  return preferExact(found, (each) => each === key);
}

/**
 * A place may have an encrypted object and beside it one that somebody has decrypted by hand, which are one copy by their names: what is called
 * exactly so is meant there, and the other one only where there is none.
 */
function preferExact(found: readonly HeldCopy[], isExact: (key: string) => boolean): HeldCopy[] {
  const isNamedExactly = ({ key, objects }: HeldCopy) =>
    [key, ...objects.map((object) => object.key)].some(isExact);
  return found.filter(
    (copy) =>
      isNamedExactly(copy) || !found.some((each) => each.place === copy.place && isNamedExactly(each)),
  );
}

function selectByName(
  name: string,
  host: string,
  { copies }: HeldCopies,
  context: Pick<JobContext, 'destination'>,
): HeldCopy[] {
  const named = copies.filter((copy) => isNamed(copy, name));
  const [identity, ...others] = new Set(named.map((copy) => copy.identity));
  if (identity === undefined) throw notFound(name, host, context);
  if (others.length > 0) {
    const choices = named.map(({ location }) => `  ${quoteLocation(location)}`).join('\n');
    throw new TwinDbError(
      `${quoteLocation(name)} is the name of several copies; give one of these instead:\n${choices}`,
      { hasLines: true },
    );
  }
  return preferExact(named, (key) => nameOfKey(key) === name);
}

/** Whether a copy is called so, with the suffixes of its object or without; one of a binary log also as its server calls the log. */
function isNamed({ key, objects, attributes, place }: HeldCopy, name: string): boolean {
  const names = [key, ...objects.map((object) => object.key)].map(nameOfKey);
  if (names.some((each) => keepLocalKey(each) === keepLocalKey(name))) return true;
  return place.format.kind === 'binlog' && isBinlogName(name) && attributes?.['binlog'] === name;
}

function notFound(
  wanted: string,
  host: string,
  { destination }: Pick<JobContext, 'destination'>,
): TwinDbError {
  return new TwinDbError(
    `There is no copy ${quoteLocation(wanted)} of the host ${host} on ${destination.url}`,
    {
      remedy: 'twindb-backup ls shows the copies there are; --hostname says whose is meant.',
    },
  );
}
