import { keepLocalKey } from '../copies/keep-local-key.ts';
import type { Media } from '../copies/key.ts';
import { parseCopyName, sanitizePath } from '../copies/names.ts';
import type { FoundCopy } from '../kinds/found-copy.ts';
import { KINDS } from '../kinds/kinds.ts';
import { compareNewestFirst, isFromFuture } from '../retention/newest-first.ts';
import { toSeconds } from '../units.ts';
import type { MarkedCopy } from './mark-listed.ts';

/** Which copies are wanted; what is absent leaves none out. */
export interface CopyFilter {
  readonly type?: Media;
  readonly hostname?: string;
  /** A directory; `mysql` and `binlog` are the copies of the server and of its binary logs. */
  readonly source?: string;
  /** Finished then or later. */
  readonly since?: Date;
  /** Finished by then. */
  readonly before?: Date;
  /** Only the newest of each host and source. */
  readonly latest?: boolean;
}

/** What the keys of the wanted copies begin with: what need not be listed is not asked for. */
export function prefixOf({ hostname, type }: CopyFilter): string {
  if (hostname === undefined) return '';
  return type === undefined || KINDS[type].isPeriodic ? `${hostname}/` : `${hostname}/${type}/`;
}

/** Leaves out what the key alone shows not to be wanted, so that fewer statuses have to be read. */
export function chooseByKey(
  copies: readonly FoundCopy[],
  { type, hostname, source }: CopyFilter,
): readonly FoundCopy[] {
  const ofSource = source === undefined ? undefined : mediaOfSource(source);
  return copies.filter(
    ({ parsed: { media, host } }) =>
      (type === undefined || media === type) &&
      (hostname === undefined || host === hostname) &&
      (ofSource === undefined || media === ofSource),
  );
}

function mediaOfSource(source: string): Media {
  return source === 'mysql' || source === 'binlog' ? source : 'files';
}

/**
 * The copies that are wanted, in the order in which they were given. `latest` is what it means in a restore: the newest copy that a status lists,
 * and of those from the future none while there is another one; where no status lists any, as with those of the Python tool, the newest of all. A
 * copy that is in both places is there twice.
 */
export function chooseCopies(
  copies: readonly MarkedCopy[],
  { source, since, before, latest = false }: CopyFilter,
  now: Date,
): readonly MarkedCopy[] {
  const chosen = copies.filter(
    (copy) =>
      (source === undefined || isOf(source, copy)) &&
      (since === undefined || copy.times.finished >= toSeconds(since)) &&
      (before === undefined || copy.times.finished <= toSeconds(before)),
  );
  if (!latest) return chosen;
  const newest = new Map<string, string>();
  const compare = compareNewestFirst(toSeconds(now));
  const dated = (copy: MarkedCopy) => ({ key: identityOf(copy), backupStarted: copy.times.started });
  for (const copy of chosen.toSorted(
    (a, b) => Number(a.listed === false) - Number(b.listed === false) || compare(dated(a), dated(b)),
  )) {
    if (!newest.has(groupOf(copy))) newest.set(groupOf(copy), identityOf(copy));
  }
  return chosen.filter((copy) => newest.get(groupOf(copy)) === identityOf(copy));
}

/** Seconds since the backup was begun; undefined: the copy is from the future. `now` is in seconds since the epoch. */
export function ageOf({ times: { started } }: MarkedCopy, now: number): number | undefined {
  // A clock may be a little ahead.
  return isFromFuture({ backupStarted: started }, now) ? undefined : Math.max(0, now - started);
}

/** The same for a copy in both places. */
export function identityOf({ object }: FoundCopy): string {
  return keepLocalKey(object.key);
}

function isOf(source: string, { parsed, attributes }: MarkedCopy): boolean {
  if (parsed.media !== 'files') return parsed.media === source;
  const path = attributes?.['source_path'];
  // Two directories of one sanitized name are refused, so the name tells it as well.
  return typeof path === 'string'
    ? path === source
    : parseCopyName(parsed.name)?.base === sanitizePath(source);
}

/** Copies of one host and source. */
function groupOf({ parsed: { host, media, name } }: MarkedCopy): string {
  return [host, media, media === 'files' ? (parseCopyName(name)?.base ?? name) : ''].join('\0');
}
