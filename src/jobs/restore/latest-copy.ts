import type { Catalogue } from '../../catalogue/catalogue.ts';
import { listNewestFirst } from '../../catalogue/newest-copies.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import type { Kind, RecordedCopy } from '../../kinds/kind.ts';
import { toSeconds } from '../../units.ts';
import type { WantedPaths } from './path-selection.ts';

/** Which copy `latest` is. */
export interface LatestOptions {
  readonly host: string;
  /** It was finished no later; undefined: the newest one of all. */
  readonly before: Date | undefined;
  /** Of this directory; undefined: of any that holds what is wanted. Nothing for copies of MySQL. */
  readonly source?: string | undefined;
}

/** The key of the newest copy of MySQL. Throws a TwinDbError when there is none. */
export async function findLatestMysql(
  { host, before }: LatestOptions,
  catalogue: Catalogue,
  now: Date,
): Promise<string> {
  const { MYSQL } = await import('../../kinds/mysql.ts');
  const [latest] = await listBefore({ host, before }, MYSQL, catalogue, now);
  if (latest !== undefined) return keepLocalKey(latest.key);
  const { url } = catalogue.context.destination;
  throw new TwinDbError(
    `There is no copy of MySQL of host ${host}${sayBefore(before)} in its status on ${url}`,
    {
      remedy: remedyFor(before, 'mysql'),
    },
  );
}

/** The key of the newest copy whose directory holds all of the paths. Throws a TwinDbError when there is none, and when several directories could be meant. */
export async function findLatestFile(
  { host, before, source }: LatestOptions,
  wanted: WantedPaths | undefined,
  catalogue: Catalogue,
  now: Date,
): Promise<string> {
  const { FILES } = await import('../../kinds/files.ts');
  const copies = await listBefore({ host, before }, FILES, catalogue, now);
  const { paths, isGlob } = wanted ?? { paths: [], isGlob: false };
  const absolute = paths.filter((path) => path.startsWith('/'));
  const fitting = copies.filter(
    ({ sourcePath }) =>
      (source === undefined || sourcePath === source) &&
      absolute.every((path) => holds(sourcePath, path, isGlob)),
  );
  const directories = [...new Set(fitting.map(({ sourcePath }) => sourcePath))].toSorted();
  const [latest] = fitting;
  if (latest === undefined) {
    const all = [...new Set(copies.map(({ sourcePath }) => sourcePath))].toSorted();
    const what = source ?? absolute.map(quoteLocation).join(' and ');
    const which =
      what === '' ? 'a directory' : source === undefined ? `a directory that holds ${what}` : what;
    throw new TwinDbError(
      `There is no copy of ${which}${sayBefore(before)} in the status of host ${host} on ${catalogue.context.destination.url}`,
      {
        remedy:
          all.length === 0
            ? remedyFor(before, 'files')
            : `There are copies of ${all.map(quoteLocation).join(', ')}.`,
      },
    );
  }
  if (absolute.length > 0 || directories.length === 1) return keepLocalKey(latest.key);
  throw new TwinDbError(
    `There are copies of several directories, and latest could be of any: ${directories.map(quoteLocation).join(', ')}`,
    { remedy: 'Name one with --source, or give absolute paths.' },
  );
}

async function listBefore<C extends RecordedCopy & { readonly backupFinished: number }>(
  { host, before }: LatestOptions,
  kind: Kind<C>,
  catalogue: Catalogue,
  now: Date,
): Promise<C[]> {
  const copies = await listNewestFirst(host, kind, catalogue, now);
  return before === undefined
    ? copies
    : copies.filter(({ backupFinished }) => backupFinished <= toSeconds(before));
}

/** Whether a path, or all that a pattern means, is in a directory. */
function holds(directory: string, path: string, isGlob: boolean): boolean {
  const fixed = path
    .split('/')
    .filter((_, at, all) => !isGlob || !all.slice(0, at + 1).some((each) => /[*?[]/.test(each)));
  const below = directory === '/' ? '/' : `${directory}/`;
  return `${fixed.join('/')}/`.startsWith(below);
}

function sayBefore(before: Date | undefined): string {
  return before === undefined ? '' : ` from before ${before.toISOString()}`;
}

function remedyFor(before: Date | undefined, type: 'files' | 'mysql'): string {
  const what = before === undefined ? 'the host with --hostname' : 'a later time, the host with --hostname';
  return `Name ${what}, or a copy; twindb-backup ls --type ${type} shows them.`;
}
