import { homedir } from 'node:os';
import { quote } from 'shlex';
import { isBinlogName } from '../copies/binlog-copy.ts';
import { ENCRYPTED, keepLocalKey } from '../copies/keep-local-key.ts';
import { type Media, type ParsedKey, parseKey } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import type { Destination } from '../destinations/destination.ts';
import { describeError, TwinDbError } from '../errors.ts';
import type { FoundCopy, Role } from '../kinds/found-copy.ts';
import type { Catalogue, CatalogueContext } from './catalogue.ts';

/**
 * The objects that hold a copy, keep-local first. `wanted` is what `ls` prints, a key, or a name that only one copy of this host has, or, where that has
 * none, only one of all hosts; `media` undefined: of whatever kind. Throws a TwinDbError when there is none, or when several copies have the name.
 */
export async function findCopy(
  wanted: string,
  media: Media | undefined,
  catalogue: Catalogue,
): Promise<FoundCopy[]> {
  const places = catalogue.context;
  const key = keyNamedBy(wanted, places);
  const identity = key === undefined ? await identifyByName(wanted, media, catalogue) : keepLocalKey(key);
  const kept = places.local === undefined ? [] : await lookUp('local', places.local, identity);
  const candidates = [...kept, ...(await lookUpAtDestination(identity, kept, places))];
  const named = candidates[0]?.parsed ?? parseKey(identity);
  if (named && media !== undefined && named.media !== media) throw wrongType(wanted, named.media, media);
  if (candidates.length === 0) throw notFound(wanted, places);
  return candidates;
}

/**
 * The object on the destination that holds a copy of any kind. `wanted` is as for `findCopy`; a copy that was named by
 * its place in keep_local_path is looked for on the destination too. Throws a TwinDbError when there is none, or when
 * several copies have the name.
 */
export async function findAtDestination(wanted: string, catalogue: Catalogue): Promise<FoundCopy> {
  const places = catalogue.context;
  const key = keyNamedBy(wanted, places);
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
export function keyNamedBy(
  wanted: string,
  { local, destination }: Pick<CatalogueContext, 'local' | 'destination'>,
): string | undefined {
  const segments = wanted.split('/');
  const belowHome = cutHome(wanted);
  const isAt = (location: string | undefined): boolean => location === wanted || location === belowHome;
  return KEY_LENGTHS.map((length) => segments.slice(-length).join('/'))
    .filter((key) => parseKey(key) !== undefined)
    .find((key) => wanted === key || [local, destination].some((place) => isAt(place?.locate(key))));
}

/**
 * What follows `~/`, which a shell may have made the home on this machine of: a location below the home on an SSH server is
 * printed without it, and typed as `backup_dir` has it.
 */
function cutHome(wanted: string): string | undefined {
  const start = ['~/', `${homedir()}/`].find((home) => wanted.startsWith(home));
  return start && wanted.slice(start.length);
}

/** `media` undefined: of whatever kind. */
async function identifyByName(name: string, media: Media | undefined, catalogue: Catalogue): Promise<string> {
  const isMeant = ({ parsed }: FoundCopy) =>
    isNamed(parsed, name) && (media === undefined || parsed.media === media);
  const own = await catalogue.listHost(catalogue.context.host);
  const { copies, failure } = own.copies.some(isMeant) ? own : await catalogue.list();
  const named = copies.filter(({ parsed }) => isNamed(parsed, name));
  const matches = copies.filter(isMeant);
  const identities = [...new Set(matches.map((copy) => keepLocalKey(copy.object.key)))];
  const [identity, ...others] = identities;
  if (identity === undefined) {
    if (failure !== undefined) throw failure as Error;
    throw named[0] && media
      ? wrongType(name, named[0].parsed.media, media)
      : notFound(name, catalogue.context);
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

/** Whether a copy is called so: with the suffix of encryption or without, and one of a binary log also as its server calls the log. */
function isNamed(parsed: ParsedKey, name: string): boolean {
  if (keepLocalKey(parsed.name) === keepLocalKey(name)) return true;
  return parsed.media === 'binlog' && isBinlogName(name) && parsed.name.startsWith(`${name}.`);
}

/** What a copy of another kind than `expected` is, and what restores it. */
export function wrongType(wanted: string, media: Media, expected: Media): TwinDbError {
  const shown = quoteLocation(wanted);
  return new TwinDbError(`${shown} is a copy of type ${media}, not ${expected}`, {
    remedy: `Run: twindb-backup ${RESTORES[media]} ${quote(wanted)} --dst DIR`,
  });
}

/** The command for each kind of copies. */
const RESTORES: Readonly<Record<Media, string>> = {
  files: 'restore file',
  mysql: 'restore mysql',
  binlog: 'restore binlog',
};

/** What kind of copy is called so, or is at this location; undefined when none is. */
export async function findMedia(wanted: string, catalogue: Catalogue): Promise<Media | undefined> {
  const key = keyNamedBy(wanted, catalogue.context);
  if (key !== undefined) return parseKey(key)?.media;
  return (await catalogue.list()).copies.find(({ parsed }) => isNamed(parsed, wanted))?.parsed.media;
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
