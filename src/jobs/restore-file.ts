import type { FileCopy } from '../copies/file-copy.ts';
import { describeError, IntegrityError, TwinDbError } from '../errors.ts';
import { restoreChain } from '../modifiers/chain.ts';
import { DigestVerifier } from '../pipeline/digest-verifier.ts';
import { runPipeline, type Stage } from '../pipeline/run-pipeline.ts';
import { extractFiles } from '../sources/files.ts';
import { TarEndCheck } from '../sources/tar-end.ts';
import { FILES_STATUS, fileCopies } from '../status/files-status.ts';
import { openStatusStore } from '../status/status-store.ts';
import { formatBytes } from '../units.ts';
import { emptyFolder, requireEmptyFolder, requireSpace } from './empty-folder.ts';
import { type Candidate, findCopy } from './find-copy.ts';
import type { JobContext } from './job-context.ts';

/** A place to restore from, and what the status says of the copy there. */
interface Verifiable extends Candidate {
  readonly location: string;
  /** Absent: there is nothing to verify the copy by. */
  readonly record: FileCopy | undefined;
}

/**
 * Gives back the files of a copy below `dst`, which must be empty or absent. `wanted` is what `ls` prints. The keep-local
 * copy is used when it is whole; one that nothing can verify comes after one that can be. When anything fails, `dst` is
 * left empty.
 */
export async function restoreFile(wanted: string, dst: string, context: JobContext): Promise<void> {
  const candidates = await findCopy(wanted, 'files', context);
  await requireEmptyFolder(dst);
  const ordered = await inOrderOfTrust(candidates, context);
  for (const [index, candidate] of ordered.entries()) {
    const { location } = candidate;
    try {
      await restoreFrom(candidate, dst, context);
      context.log.info(`Restored ${location} to ${dst}`);
      return;
    } catch (cause) {
      const isLast = index === ordered.length - 1;
      const error = context.signal.aborted ? cause : restoreError(location, cause, isLast);
      await leaveEmpty(dst, error);
      if (isLast || context.signal.aborted) throw error;
      context.log.warn(`${describeError(error)}\nTrying the next place that has this copy`);
    }
  }
}

/** What cannot be removed must not hide why the restore failed. */
async function leaveEmpty(dst: string, error: unknown): Promise<void> {
  try {
    await emptyFolder(dst);
  } catch (failure) {
    throw new TwinDbError(`${describeError(error)}\nWhat was restored could not be removed from ${dst}`, {
      cause: failure,
    });
  }
}

async function inOrderOfTrust(candidates: readonly Candidate[], context: JobContext): Promise<Verifiable[]> {
  const found: Verifiable[] = [];
  for (const candidate of candidates) {
    const location = candidate.destination.locate(candidate.object.key);
    found.push({ ...candidate, location, record: await findRecord(candidate, context) });
  }
  // Without encryption both places hold the same bytes, so the record of one verifies the other.
  const shared = found.map((each) => {
    const twin = found.find(({ record }) => record?.key === each.object.key);
    return { ...each, record: each.record ?? twin?.record };
  });
  for (const { location, record } of shared) {
    if (record === undefined) {
      context.log.warn(`The checksum of ${location} cannot be verified: no status that can be read lists it`);
    }
  }
  return shared.toSorted((a, b) => Number(a.record === undefined) - Number(b.record === undefined));
}

/** The error for the operator; `cause` may be what the decompressor in this process says of damaged input. */
function restoreError(location: string, cause: unknown, isLast: boolean): TwinDbError {
  const { code } = cause as NodeJS.ErrnoException;
  const isDamaged = cause instanceof IntegrityError || (typeof code === 'string' && code.startsWith('Z_'));
  const isExplained = cause instanceof TwinDbError && cause.remedy !== undefined;
  const message = `Cannot restore ${location}${isDamaged ? ': the copy is damaged' : ''}`;
  const remedy = `${isDamaged ? 'Restore' : 'If the copy is damaged, restore'} another one; twindb-backup ls shows them.`;
  return new TwinDbError(message, isExplained || !isLast ? { cause } : { cause, remedy });
}

async function restoreFrom(candidate: Verifiable, dst: string, context: JobContext): Promise<void> {
  const { destination, object, parsed, location, record } = candidate;
  context.log.debug(`Restoring ${location} (${formatBytes(object.size)})`);
  if (record && record.size !== object.size) {
    throw new IntegrityError(`it has ${object.size} bytes, the status says ${record.size}`);
  }
  await requireSpace(dst, record?.unpackedSize ?? object.size);
  const inverse: Stage[] = [];
  for (const modifier of restoreChain(parsed.name, context.config, context.cores)) {
    inverse.push(await modifier.invert((message) => context.log.warn(message)));
  }
  const line = context.progress.begin(location, object.size);
  const verifier = new DigestVerifier(record ?? { size: object.size }, (bytes) => line.advance(bytes));
  // With a checksum tar can have its input from the decompressor directly.
  const endCheck = record === undefined ? [new TarEndCheck()] : [];
  try {
    await runPipeline(
      [destination.read(object.key), verifier, ...inverse, ...endCheck, extractFiles(dst)],
      context.signal,
    );
  } finally {
    line.end();
  }
}

/** What the status of the place says of the copy. */
async function findRecord(
  { destination, object, parsed }: Candidate,
  context: JobContext,
): Promise<FileCopy | undefined> {
  try {
    const { status } = await openStatusStore(destination, parsed.host, FILES_STATUS, context).read();
    return fileCopies(status).find((copy) => copy.key === object.key);
  } catch (error) {
    // A damaged status must not keep anyone from a copy that is whole.
    context.log.warn(describeError(error));
    return undefined;
  }
}
