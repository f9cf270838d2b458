import { MEDIA, type Media, type ParsedKey, parseKey } from '../copies/key.ts';
import { RUN_TYPES } from '../copies/run-type.ts';
import type { Destination } from '../destinations/destination.ts';
import type { FoundCopy, Role } from '../kinds/found-copy.ts';
import type { WarnLasting } from '../log.ts';
import { ClosedFolders } from './closed-folders.ts';

/** The two places. */
export interface Places {
  readonly destination: Destination;
  readonly local: Destination | undefined;
  readonly signal: AbortSignal;
  /** Told of folders that may not be entered. */
  readonly warnLasting: WarnLasting;
}

/** The copies that could be found. */
export interface FoundCopies {
  readonly copies: readonly FoundCopy[];
  /** Every host that has anything there, also one whose copies are gone. */
  readonly hosts: ReadonlySet<string>;
  /** Those of which the destination has a copy or a status. */
  readonly storedHosts: ReadonlySet<string>;
  /** Whether a status, or its second copy, is there; `name` is that of the format. */
  readonly hasStatus: (place: Role, host: string, name: string) => boolean;
  /** The folders on the destination that this account may not enter: what is in them is not known. */
  readonly closed: ClosedFolders;
  /** Why those on the destination are missing, when it could not be listed. */
  readonly failure: unknown;
}

/**
 * The copies whose keys begin with `prefix`, by default all of all hosts: keep-local first, then by media, run type and name. A destination that
 * cannot be listed must not keep anyone from the copies that are here; without keep_local_path its error is thrown. Folders that may not be
 * entered are warned of.
 */
export async function listCopies(
  { local, destination, signal, warnLasting }: Places,
  prefix = '',
): Promise<FoundCopies> {
  const find = async (from: Destination, place: Role, closed: ClosedFolders) => {
    const objects = await findIn(from, place, prefix, closed);
    closed.warn(from, warnLasting);
    return objects;
  };
  const closed = new ClosedFolders();
  const kept = local === undefined ? [] : await find(local, 'local', new ClosedFolders());
  try {
    const stored = await find(destination, 'destination', closed);
    return { ...collect([...kept, ...stored]), closed, failure: undefined };
  } catch (failure) {
    if (local === undefined || signal.aborted) throw failure;
    return { ...collect(kept), closed, failure };
  }
}

interface FoundObject extends Omit<FoundCopy, 'parsed'> {
  readonly parsed: ParsedKey | undefined;
}

/** Keys of statuses and their second copies. */
const STATUS = /^[^/]+\/([a-z]+-)?status(\.copy)?$/;

function hostOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function collect(objects: readonly FoundObject[]): Omit<FoundCopies, 'failure' | 'closed'> {
  const keys = objects.map(({ object }) => object.key).filter((key) => key.includes('/'));
  const statuses = new Set(
    objects
      .filter(({ object }) => STATUS.test(object.key))
      .map(({ place, object }) => `${place}/${object.key}`),
  );
  return {
    hasStatus: (place, host, name) =>
      ['', '.copy'].some((suffix) => statuses.has(`${place}/${host}/${name}${suffix}`)),
    copies: sort(objects.filter((each): each is FoundCopy => each.parsed !== undefined)),
    hosts: new Set(keys.map(hostOf)),
    storedHosts: new Set(
      objects
        .filter(
          ({ place, parsed, object }) =>
            place === 'destination' && (parsed !== undefined || STATUS.test(object.key)),
        )
        .map(({ object }) => hostOf(object.key)),
    ),
  };
}

function sort(copies: readonly FoundCopy[]): FoundCopy[] {
  return copies.toSorted((a, b) => {
    const [first, second] = [sortKey(a), sortKey(b)];
    return first < second ? -1 : Number(first > second);
  });
}

async function findIn(
  destination: Destination,
  place: Role,
  prefix: string,
  closed: ClosedFolders,
): Promise<FoundObject[]> {
  const objects: FoundObject[] = [];
  for await (const object of destination.list(prefix, closed.note)) {
    const [parsed, location] = [parseKey(object.key), destination.locate(object.key)];
    objects.push({ place, destination, object, parsed, location });
  }
  return objects;
}

function sortKey({ place, parsed, object }: FoundCopy): string {
  const media: Media = parsed.media;
  const runType = parsed.runType === undefined ? 0 : RUN_TYPES.indexOf(parsed.runType);
  return [place === 'local' ? 0 : 1, MEDIA.indexOf(media), runType, parsed.name, object.key].join('\0');
}
