import { ENCRYPTED, keepLocalKey } from '../copies/keep-local-key.ts';
import { type ParsedKey, parseKey } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import type { Destination } from '../destinations/destination.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { FoundCopy, Role } from '../kinds/found-copy.ts';
import type { Catalogue, CatalogueContext } from './catalogue.ts';

/**
 * The objects that hold a copy, keep-local first. `wanted` is what `ls` prints, a key, or a name that only one copy has; `media` undefined: of
 * whatever kind. Throws a TwinDbError when there is none, or when several copies have the name.
 */
export async function findCopy(
  wanted: string,
  media: ParsedKey['media'] | undefined,
  catalogue: Catalogue,
): Promise<FoundCopy[]> {
  const places = catalogue.context;
  const key = keyOf(wanted, places);
  const identity = key === undefined ? await identifyByName(wanted, media, catalogue) : keepLocalKey(key);
  const kept = places.local === undefined ? [] : await lookUp('local', places.local, identity);
  const candidates = [...kept, ...(await lookUpAtDestination(identity, kept, places))];
  if (candidates.length === 0) throw notFound(wanted, places);
  const [{ parsed }] = candidates as [FoundCopy];
  if (media !== undefined && parsed.media !== media) throw wrongType(wanted, parsed, media);
  return candidates;
}

/**
 * The object on the destination that holds a copy of any kind. `wanted` is as for `findCopy`; a copy that was named by
 * its place in keep_local_path is looked for on the destination too. Throws a TwinDbError when there is none, or when
 * several copies have the name.
 */
export async function findAtDestination(wanted: string, catalogue: Catalogue): Promise<FoundCopy> {
  const places = catalogue.context;
  const key = keyOf(wanted, places);
  const identity = keepLocalKey(key ?? (await identifyByName(wanted, undefined, catalogue)));
  const found = [
    ...(await lookUp('destination', places.destination, identity)),
    ...(await lookUp('destination', places.destination, identity + ENCRYPTED)),
  ];
  const copy = found.find(({ object }) => object.key === key) ?? found[0];
  if (copy === undefined) throw notFound(wanted, places);
  return copy;
}

/** Copies of directories and MySQL have keys of four segments, binlogs of three. */
const KEY_LENGTHS = [4, 3];

/** The key that a location or key names; undefined when `wanted` can only be a name. */
function keyOf(wanted: string, { local, destination }: CatalogueContext): string | undefined {
  const segments = wanted.split('/');
  return KEY_LENGTHS.map((length) => segments.slice(-length).join('/'))
    .filter((key) => parseKey(key) !== undefined)
    .find((key) => wanted === key || [local, destination].some((place) => place?.locate(key) === wanted));
}

/** `media` undefined: of whatever kind. */
async function identifyByName(
  name: string,
  media: ParsedKey['media'] | undefined,
  catalogue: Catalogue,
): Promise<string> {
  const { copies, failure } = await catalogue.list();
  const named = copies.filter((copy) => keepLocalKey(copy.parsed.name) === keepLocalKey(name));
  const matches = named.filter((copy) => media === undefined || copy.parsed.media === media);
  const identities = [...new Set(matches.map((copy) => keepLocalKey(copy.object.key)))];
  const [identity, ...others] = identities;
  if (identity === undefined) {
    if (failure !== undefined) throw failure as Error;
    throw named[0] && media ? wrongType(name, named[0].parsed, media) : notFound(name, catalogue.context);
  }
  if (others.length > 0) {
    const choices = matches.map((copy) => `  ${quoteLocation(copy.location)}`).join('\n');
    throw new TwinDbError(
      `${quoteLocation(name)} is the name of several copies; give one of these instead:\n${choices}`,
      { hasLines: true },
    );
  }
  return identity;
}

function wrongType(wanted: string, { media }: ParsedKey, expected: ParsedKey['media']): TwinDbError {
  return new TwinDbError(`${wanted} is a copy of type ${media}, not ${expected}`);
}

/** A destination that cannot be reached must not keep anyone from the copy that lies here. */
async function lookUpAtDestination(
  identity: string,
  kept: readonly FoundCopy[],
  { destination, log, signal }: CatalogueContext,
): Promise<FoundCopy[]> {
  try {
    return [
      ...(await lookUp('destination', destination, identity)),
      ...(await lookUp('destination', destination, identity + ENCRYPTED)),
    ];
  } catch (error) {
    if (kept.length === 0 || signal.aborted) throw error;
    log.warn(`Only the copy in keep_local_path can be used: ${describeError(error)}`);
    return [];
  }
}

async function lookUp(place: Role, destination: Destination, key: string): Promise<FoundCopy[]> {
  const parsed = parseKey(key);
  if (parsed === undefined) return [];
  const object = await destination.stat(key);
  return object ? [{ place, destination, object, parsed, location: destination.locate(object.key) }] : [];
}

function notFound(wanted: string, { destination }: CatalogueContext): TwinDbError {
  return new TwinDbError(`There is no copy ${wanted} on ${destination.url}`, {
    remedy: 'twindb-backup ls shows the copies there are.',
  });
}
