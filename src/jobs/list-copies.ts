import { MEDIA, type Media, type ParsedKey, parseKey } from '../copies/key.ts';
import { RUN_TYPES } from '../copies/run-type.ts';
import type { Destination, ObjectInfo } from '../destinations/destination.ts';
import type { JobContext } from './job-context.ts';

/** A copy that lies on the destination or below keep_local_path. */
export interface FoundCopy {
  readonly place: 'local' | 'remote';
  readonly object: ObjectInfo;
  readonly parsed: ParsedKey;
  /** The full path or URL that `ls` prints. */
  readonly location: string;
}

/** The copies that could be found. */
interface FoundCopies {
  readonly copies: readonly FoundCopy[];
  /** Why those on the destination are missing, when it could not be listed. */
  readonly failure: unknown;
}

/**
 * All copies of all hosts: keep-local first, then by media, run type and name. A destination that cannot be listed must
 * not keep anyone from the copies that lie here; without keep_local_path its error is thrown.
 */
export async function findCopies({
  local,
  remote,
}: Pick<JobContext, 'local' | 'remote'>): Promise<FoundCopies> {
  if (local === undefined) return { copies: sort(await findIn(remote, 'remote')), failure: undefined };
  const kept = await findIn(local, 'local');
  try {
    return { copies: sort([...kept, ...(await findIn(remote, 'remote'))]), failure: undefined };
  } catch (failure) {
    return { copies: sort(kept), failure };
  }
}

function sort(copies: readonly FoundCopy[]): FoundCopy[] {
  return copies.toSorted((a, b) => {
    const [first, second] = [sortKey(a), sortKey(b)];
    return first < second ? -1 : Number(first > second);
  });
}

async function findIn(destination: Destination, place: FoundCopy['place']): Promise<FoundCopy[]> {
  const copies: FoundCopy[] = [];
  for await (const object of destination.list('')) {
    const parsed = parseKey(object.key);
    if (parsed) copies.push({ place, object, parsed, location: destination.locate(object.key) });
  }
  return copies;
}

function sortKey({ place, parsed, object }: FoundCopy): string {
  const media: Media = parsed.media;
  const runType = parsed.runType === undefined ? 0 : RUN_TYPES.indexOf(parsed.runType);
  return [place, MEDIA.indexOf(media), runType, parsed.name, object.key].join('\0');
}
