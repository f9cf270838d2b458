import { performance } from 'node:perf_hooks';
import { type Catalogue, openCatalogue } from '../../catalogue/catalogue.ts';
import { findCopy } from '../../catalogue/find-copy.ts';
import { LATEST, listNewestFirst } from '../../catalogue/newest-copies.ts';
import type { FileCopy } from '../../copies/file-copy.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, IntegrityError, TwinDbError } from '../../errors.ts';
import { FILES } from '../../kinds/files.ts';
import { Beginning } from '../../pipeline/beginning.ts';
import { TarCheck } from '../../sources/tar-check.ts';
import { secondsSince } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { readCandidates } from './read-candidates.ts';
import { timeRestore } from './time-restore.ts';
import type { Verification } from './verification.ts';

interface VerifyOptions {
  /** Whose newest copies `latest` means. */
  readonly host: string;
  /** The directory whose newest copy `latest` means; undefined: all. */
  readonly source: string | undefined;
}

/** What came of reading a copy of a directory to its end. */
export interface FileVerification extends Verification {
  /** The directory; undefined when no status lists the copy. */
  readonly source: string | undefined;
  /** Of the archive; undefined when it is not intact. */
  readonly members: number | undefined;
  /** Bytes of the archive; undefined when it is not intact. */
  readonly unpackedSize: number | undefined;
  /** What no status says of the copy, so that nothing could be compared with it. */
  readonly notRecorded: readonly Comparable[];
}

/** What of a copy of a directory is compared with the status. */
const COMPARABLE = ['size', 'sha256', 'unpackedSize', 'members'] as const;
type Comparable = (typeof COMPARABLE)[number];

/** Something to verify: a copy, or why there is none. */
type Target = { readonly wanted: string; readonly source?: string; readonly failure?: string };

/**
 * Reads copies of directories to their ends, to know that they can be restored, and writes nothing to a disk. `wanted` is a copy, or `latest`:
 * the newest one of each directory that this host backs up; of another host, or where the configuration names none, of
 * each directory in the status. Throws only when it was interrupted.
 */
export async function verifyFiles(
  wanted: string,
  options: VerifyOptions,
  context: JobContext,
): Promise<FileVerification[]> {
  const catalogue = openCatalogue(context);
  return await timeRestore(
    'files',
    context,
    async () => {
      const results: FileVerification[] = [];
      for (const target of await findTargets(wanted, options, catalogue, context))
        results.push(await verify(target, catalogue, context));
      return results;
    },
    (results) => results.every(({ failure }) => failure === undefined),
  );
}

async function findTargets(
  wanted: string,
  options: VerifyOptions,
  catalogue: Catalogue,
  context: JobContext,
): Promise<Target[]> {
  if (wanted !== LATEST) return [{ wanted }];
  try {
    return await findLatest(options, catalogue, context);
  } catch (error) {
    context.signal.throwIfAborted();
    return [{ wanted, failure: describeError(error) }];
  }
}

async function findLatest(
  { host, source }: VerifyOptions,
  catalogue: Catalogue,
  { config, host: here, now, destination }: JobContext,
): Promise<Target[]> {
  const copies = await listNewestFirst(host, FILES, catalogue, now());
  const configured = host === here ? config.source.backupDirs : [];
  const listed = [...new Set(copies.map(({ sourcePath }) => sourcePath))].toSorted();
  const directories = source === undefined ? (configured.length > 0 ? configured : listed) : [source];
  if (directories.length === 0) {
    throw new TwinDbError(
      `There is no copy of a directory of host ${host} in its status on ${destination.url}`,
      {
        remedy: 'Name the host with --hostname, or a copy; twindb-backup ls --type files shows them.',
      },
    );
  }
  return directories.map((directory): Target => {
    const latest = copies.find(({ sourcePath }) => sourcePath === directory);
    if (latest !== undefined) return { wanted: keepLocalKey(latest.key) };
    const known =
      listed.length === 0 ? '' : ` The status lists copies of ${listed.map(quoteLocation).join(', ')}.`;
    return {
      wanted: LATEST,
      source: directory,
      failure: `There is no copy of ${quoteLocation(directory)} in the status of host ${host} on ${destination.url}\nRead what its last backup said.${known}`,
    };
  });
}

async function verify(
  { wanted, source, failure }: Target,
  catalogue: Catalogue,
  context: JobContext,
): Promise<FileVerification> {
  const result = {
    copy: wanted,
    location: undefined as string | undefined,
    source,
    members: undefined as number | undefined,
    unpackedSize: undefined as number | undefined,
    notRecorded: [] as readonly Comparable[],
  };
  const start = performance.now();
  const finish = (reason?: string): FileVerification => ({
    ...result,
    restoreTime: secondsSince(start),
    failure: reason,
  });
  if (failure !== undefined) return finish(failure);
  try {
    const found = await findCopy(wanted, 'files', catalogue);
    // Whoever names an object wants to know about that one.
    const meant = found.filter(({ location }) => location === wanted);
    const candidates = await catalogue.lookUp(meant.length > 0 ? meant : found, FILES);
    const name = (candidate: (typeof candidates)[number] | undefined): void => {
      if (candidate === undefined) return;
      result.copy = candidate.object.key;
      result.location = candidate.location;
      result.source = candidate.lookup.record?.sourcePath;
      result.notRecorded = findUnrecorded(candidate.lookup.record);
    };
    name(candidates[0]);
    let archive = new TarCheck();
    const intact = await readCandidates<FileCopy>(
      {
        candidates,
        verb: 'restore',
        stages: () => [(archive = new TarCheck()), new Beginning(0)],
        finish: ({ lookup }) => compare(archive, lookup.record),
      },
      context,
    );
    // Another place may have had to stand in for the first one.
    name(intact);
    result.members = archive.members;
    result.unpackedSize = archive.size;
    return finish();
  } catch (error) {
    context.signal.throwIfAborted();
    return finish(describeError(error));
  }
}

function findUnrecorded(record: FileCopy | undefined): Comparable[] {
  return COMPARABLE.filter((property) => record?.[property] === undefined);
}

/** The checksum was compared while the copy was read; that these differ all the same means that another status has got into the place of its own. */
function compare({ size, members }: TarCheck, record: FileCopy | undefined): void {
  const { unpackedSize = size, members: recorded = members } = record ?? {};
  if (size !== unpackedSize)
    throw new IntegrityError(`its archive has ${size} bytes, the status says ${unpackedSize}`);
  if (members !== recorded)
    throw new IntegrityError(`its archive has ${members} members, the status says ${recorded}`);
}
