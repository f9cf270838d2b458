import type { Duplex, Writable } from 'node:stream';
import { warnIfUnproven } from '../../catalogue/authenticate.ts';
import type { KnownCopy, Lookup } from '../../catalogue/catalogue.ts';
import { keepTrusted } from '../../catalogue/keep-trusted.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { codeOf, describeError, IntegrityError, TwinDbError } from '../../errors.ts';
import { restoreChain } from '../../modifiers/chain.ts';
import { pinFolder } from '../../pinned-folder.ts';
import type { Digest } from '../../pipeline/digest.ts';
import { DigestVerifier } from '../../pipeline/digest-verifier.ts';
import { runPipeline, type Stage } from '../../pipeline/run-pipeline.ts';
import { formatBytes } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { leaveEmpty } from './claim-folder.ts';
import { leastSize, measureSpace, requireSpace } from './space.ts';

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
  /** The folder that the operator named, for messages. */
  readonly dstName: string;
  /** A stage in front of the last one that errors when its input was cut short, for copies without a checksum. */
  readonly checkEnd?: () => Duplex;
  /** The last stage: takes what the copy was made from. */
  readonly extract: () => Stage<Writable>;
  /** Throws when what was extracted cannot be right although every stage succeeded. */
  readonly check?: () => Promise<void>;
}

type Candidate = KnownCopy<RecordedBytes>;

/**
 * Destination -> digest check -> gpg -d -> decompressor -> extractor, from the first place whose copy is whole; one that
 * nothing can verify comes after one that can be, and what must not be used is not. Returns the location it came from. When all
 * fail, `dst` is empty and the error of the last one is thrown.
 */
export async function fetchCopy(fetch: Fetch, context: JobContext): Promise<string> {
  const ordered = inOrderOfTrust(fetch.candidates, context);
  for (const [index, candidate] of ordered.entries()) {
    try {
      await fetchFrom(candidate, fetch, context);
      return candidate.location;
    } catch (cause) {
      const isLast = index === ordered.length - 1;
      const error = context.signal.aborted ? cause : restoreError(candidate.location, cause, isLast);
      await using folder = await pinFolder(fetch.dst);
      await leaveEmpty(fetch.dstName, folder, error);
      if (isLast || context.signal.aborted) throw error;
      context.log.warn(`${describeError(error)}\nTrying the next place that has this copy`);
    }
  }
  throw new TwinDbError('There is no place to restore the copy from');
}

function inOrderOfTrust(candidates: Fetch['candidates'], context: JobContext): Candidate[] {
  const trusted = keepTrusted(candidates, context);
  for (const { location, lookup } of trusted.filter((each) => !isVerifiable(each))) {
    const reason =
      lookup.record === undefined ? lookup.reason : 'the status has none, as the Python tool made it';
    context.log.warn(`The checksum of ${quoteLocation(location)} cannot be verified: ${reason}`);
  }
  return trusted.toSorted((a, b) => Number(isVerifiable(b)) - Number(isVerifiable(a)));
}

function isVerifiable({ lookup }: Candidate): boolean {
  return lookup.record?.sha256 !== undefined;
}

async function fetchFrom(
  candidate: Candidate,
  { dst, dstName, extract, check, checkEnd }: Fetch,
  context: JobContext,
): Promise<void> {
  const { destination, object, parsed, location, lookup } = candidate;
  // That there is no checksum, which has been said, says this as well.
  if (isVerifiable(candidate)) warnIfUnproven(lookup.verdict, location, context);
  const about = { key: object.key, bytes: object.size };
  context.log.debug(`Restoring ${quoteLocation(location)} (${formatBytes(object.size)})`, about);
  const expected = expectedBytes(lookup, object.size);
  if (expected.size !== object.size) {
    throw new IntegrityError(`it has ${object.size} bytes, the status says ${expected.size}`);
  }
  const space = await measureSpace(dst, dstName);
  requireSpace(space, leastSize(space, { packed: object.size, unpacked: lookup.record?.unpackedSize }));
  const inverse: Stage[] = [];
  for (const modifier of restoreChain(parsed.name, context.config, context.cores)) {
    inverse.push(await modifier.invert((message) => context.log.warn(message)));
  }
  const line = context.progress.begin(location, object.size);
  const verifier = new DigestVerifier(expected, (bytes) => line.advance(bytes));
  // With a checksum the extractor can have its input from the decompressor directly.
  const ending = isVerifiable(candidate) || checkEnd === undefined ? [] : [checkEnd()];
  try {
    await runPipeline(
      [destination.read(object.key), verifier, ...inverse, ...ending, extract()],
      context.signal,
    );
  } finally {
    line.end();
  }
  await check?.();
}

function expectedBytes(
  { record }: Lookup<RecordedBytes>,
  actualSize: number,
): Partial<Digest> & Pick<Digest, 'size'> {
  const size = record?.size ?? actualSize;
  return record?.sha256 === undefined ? { size } : { size, sha256: record.sha256 };
}

/** The error for the operator; `cause` may be what the decompressor in this process says of damaged input. */
function restoreError(location: string, cause: unknown, isLast: boolean): TwinDbError {
  const isDamaged = cause instanceof IntegrityError || codeOf(cause)?.startsWith('Z_') === true;
  const isExplained = cause instanceof TwinDbError && cause.remedy !== undefined;
  const message = `Cannot restore ${location}${isDamaged ? ': the copy is damaged' : ''}`;
  const remedy = `${isDamaged ? 'Restore' : 'If the copy is damaged, restore'} another one; twindb-backup ls shows them.`;
  return new TwinDbError(message, isExplained || !isLast ? { cause } : { cause, remedy });
}
