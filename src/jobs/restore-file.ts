import type { FileCopy } from '../copies/file-copy.ts';
import { describeError, IntegrityError, TwinDbError } from '../errors.ts';
import { restoreChain } from '../modifiers/chain.ts';
import { DigestVerifier } from '../pipeline/digest-verifier.ts';
import { runPipeline, type Stage } from '../pipeline/run-pipeline.ts';
import { extractFiles } from '../sources/files.ts';
import { StatusDamagedError } from '../status/envelope.ts';
import { FILES_STATUS, fileCopies } from '../status/files-status.ts';
import { openStatusStore } from '../status/status-store.ts';
import { emptyFolder, requireEmptyFolder, requireSpace } from './empty-folder.ts';
import { type Candidate, findCopy } from './find-copy.ts';
import type { JobContext } from './job-context.ts';

/**
 * Gives back the files of a copy below `dst`, which must be empty or absent. `wanted` is what `ls` prints. The keep-local
 * copy is used when it is whole. When anything fails, `dst` is left empty.
 */
export async function restoreFile(wanted: string, dst: string, context: JobContext): Promise<void> {
  const candidates = await findCopy(wanted, 'files', context);
  await requireEmptyFolder(dst);
  for (const [index, candidate] of candidates.entries()) {
    const location = candidate.destination.locate(candidate.object.key);
    try {
      await restoreFrom(candidate, location, dst, context);
      context.log.info(`Restored ${location} to ${dst}`);
      return;
    } catch (cause) {
      await emptyFolder(dst);
      context.signal.throwIfAborted();
      const error = restoreError(location, cause);
      if (index === candidates.length - 1) throw error;
      context.log.warn(`${describeError(error)}\nTrying the next place that has this copy`);
    }
  }
}

/** The error for the operator; `cause` may be what the decompressor in this process says of damaged input. */
function restoreError(location: string, cause: unknown): TwinDbError {
  const { code } = cause as NodeJS.ErrnoException;
  const isDamaged = cause instanceof IntegrityError || (typeof code === 'string' && code.startsWith('Z_'));
  const isExplained = cause instanceof TwinDbError && cause.remedy !== undefined;
  const message = `Cannot restore ${location}${isDamaged ? ': the copy is damaged' : ''}`;
  const remedy = `${isDamaged ? 'Restore' : 'If the copy is damaged, restore'} another one; twindb-backup ls shows them.`;
  return new TwinDbError(message, isExplained ? { cause } : { cause, remedy });
}

async function restoreFrom(
  candidate: Candidate,
  location: string,
  dst: string,
  context: JobContext,
): Promise<void> {
  const { destination, object, parsed } = candidate;
  const recorded = await findRecord(candidate, location, context);
  if (recorded && recorded.size !== object.size) {
    throw new IntegrityError(`it has ${object.size} bytes, the status says ${recorded.size}`);
  }
  await requireSpace(dst, recorded?.unpackedSize ?? object.size);
  const inverse: Stage[] = [];
  for (const modifier of restoreChain(parsed.name, context.config, context.cores))
    inverse.push(await modifier.invert((message) => context.log.warn(message)));

  const line = context.progress.begin(location, object.size);
  const verifier = new DigestVerifier(recorded ?? { size: object.size }, (bytes) => line.advance(bytes));
  try {
    await runPipeline(
      [destination.read(object.key), verifier, ...inverse, extractFiles(dst)],
      context.signal,
    );
  } finally {
    line.end();
  }
}

/** What the status says of the copy, to verify it by; says so when it says nothing. */
async function findRecord(
  { destination, object, parsed }: Candidate,
  location: string,
  context: JobContext,
): Promise<FileCopy | undefined> {
  const store = openStatusStore(destination, parsed.host, FILES_STATUS, context);
  let reason = 'no status lists it';
  try {
    const { status } = await store.read();
    const record = fileCopies(status).find((copy) => copy.key === object.key);
    if (record) return record;
  } catch (error) {
    // A damaged status must not keep anyone from a copy that is whole.
    reason = error instanceof StatusDamagedError ? 'its status is damaged' : describeError(error);
  }
  context.log.warn(`The checksum of ${location} cannot be verified: ${reason}`);
  return undefined;
}
