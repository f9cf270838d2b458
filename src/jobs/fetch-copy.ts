import type { Writable } from 'node:stream';
import { describeError, IntegrityError, TwinDbError } from '../errors.ts';
import { restoreChain } from '../modifiers/chain.ts';
import type { Digest } from '../pipeline/digest.ts';
import { DigestVerifier } from '../pipeline/digest-verifier.ts';
import { runPipeline, type Stage } from '../pipeline/run-pipeline.ts';
import { emptyFolder, requireSpace } from './empty-folder.ts';
import type { Candidate } from './find-copy.ts';
import type { Lookup } from './find-record.ts';
import type { JobContext } from './job-context.ts';

/** What a status knows of the bytes of a copy; the Python tool records none of it. */
export interface RecordedBytes {
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  readonly unpackedSize?: number | undefined;
}

/** How to bring one copy into a folder. */
interface Fetch {
  /** The objects that hold the copy, in the order in which to try them. */
  readonly candidates: readonly Candidate[];
  /** Gets the contents; emptied after each attempt that failed. */
  readonly dst: string;
  readonly lookUp: (candidate: Candidate) => Promise<Lookup<RecordedBytes>>;
  /** The last stage: takes what the copy was made from. */
  readonly extract: () => Stage<Writable>;
  /** Throws when what was extracted cannot be right although every stage succeeded. */
  readonly check?: () => Promise<void>;
}

/**
 * Destination -> digest check -> gpg -d -> decompressor -> extractor, from the first place whose copy is whole. Returns the
 * location it came from. When all fail, `dst` is empty and the error of the last one is thrown.
 */
export async function fetchCopy(fetch: Fetch, context: JobContext): Promise<string> {
  for (const [index, candidate] of fetch.candidates.entries()) {
    const location = candidate.destination.locate(candidate.object.key);
    try {
      await fetchFrom(candidate, location, fetch, context);
      return location;
    } catch (cause) {
      await emptyFolder(fetch.dst);
      context.signal.throwIfAborted();
      const error = restoreError(location, cause);
      if (index === fetch.candidates.length - 1) throw error;
      context.log.warn(`${describeError(error)}\nTrying the next place that has this copy`);
    }
  }
  throw new TwinDbError('There is no place to restore the copy from');
}

async function fetchFrom(
  candidate: Candidate,
  location: string,
  { dst, lookUp, extract, check }: Fetch,
  context: JobContext,
): Promise<void> {
  const { destination, object, parsed } = candidate;
  const recorded = await lookUp(candidate);
  const expected = expectedBytes(recorded, object.size, (reason) =>
    context.log.warn(`The checksum of ${location} cannot be verified: ${reason}`),
  );
  if (expected.size !== object.size) {
    throw new IntegrityError(`it has ${object.size} bytes, the status says ${expected.size}`);
  }
  await requireSpace(dst, recorded.record?.unpackedSize ?? object.size);
  const inverse: Stage[] = [];
  for (const modifier of restoreChain(parsed.name, context.config, context.cores))
    inverse.push(await modifier.invert((message) => context.log.warn(message)));

  const line = context.progress.begin(location, object.size);
  const verifier = new DigestVerifier(expected, (bytes) => line.advance(bytes));
  try {
    await runPipeline([destination.read(object.key), verifier, ...inverse, extract()], context.signal);
  } finally {
    line.end();
  }
  await check?.();
}

function expectedBytes(
  recorded: Lookup<RecordedBytes>,
  actualSize: number,
  warn: (reason: string) => void,
): Partial<Digest> & Pick<Digest, 'size'> {
  const { record } = recorded;
  const size = record?.size ?? actualSize;
  if (record?.sha256 !== undefined) return { size, sha256: record.sha256 };
  warn(recorded.record === undefined ? recorded.reason : 'the status has none, as the Python tool made it');
  return { size };
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
