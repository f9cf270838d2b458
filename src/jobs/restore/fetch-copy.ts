import type { Duplex, Writable } from 'node:stream';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, IntegrityError, TwinDbError } from '../../errors.ts';
import { restoreChain } from '../../modifiers/chain.ts';
import type { Digest } from '../../pipeline/digest.ts';
import { DigestVerifier } from '../../pipeline/digest-verifier.ts';
import { runPipeline, type Stage } from '../../pipeline/run-pipeline.ts';
import { formatBytes } from '../../units.ts';
import type { Candidate } from '../find/find-copy.ts';
import type { Lookup } from '../find/find-record.ts';
import type { JobContext } from '../job-context.ts';
import { leastSize, leaveEmpty, measureSpace, requireSpace } from './empty-folder.ts';

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
  /** A stage in front of the last one that errors when its input was cut short, for copies without a checksum. */
  readonly checkEnd?: () => Duplex;
  /** A stage in front of the last one that errors before it passes on what the last one must not get. */
  readonly guard?: () => Duplex;
  /** The last stage: takes what the copy was made from. */
  readonly extract: () => Stage<Writable>;
  /** Throws when what was extracted cannot be right although every stage succeeded. */
  readonly check?: () => Promise<void>;
}

/** A candidate, and what there is to verify it by. */
interface Verifiable extends Candidate {
  readonly location: string;
  readonly lookup: Lookup<RecordedBytes>;
}

/**
 * Destination -> digest check -> gpg -d -> decompressor -> extractor, from the first place whose copy is whole; one that
 * nothing can verify comes after one that can be. Returns the location it came from. When all fail, `dst` is empty and
 * the error of the last one is thrown.
 */
export async function fetchCopy(fetch: Fetch, context: JobContext): Promise<string> {
  const ordered = await inOrderOfTrust(fetch, context);
  for (const [index, candidate] of ordered.entries()) {
    try {
      await fetchFrom(candidate, fetch, context);
      return candidate.location;
    } catch (cause) {
      const isLast = index === ordered.length - 1;
      const error = context.signal.aborted ? cause : restoreError(candidate.location, cause, isLast);
      await leaveEmpty(fetch.dst, error, 'claimed');
      if (isLast || context.signal.aborted) throw error;
      context.log.warn(`${describeError(error)}\nTrying the next place that has this copy`);
    }
  }
  throw new TwinDbError('There is no place to restore the copy from');
}

async function inOrderOfTrust({ candidates, lookUp }: Fetch, context: JobContext): Promise<Verifiable[]> {
  const found: Verifiable[] = [];
  for (const candidate of candidates) {
    const location = candidate.destination.locate(candidate.object.key);
    found.push({ ...candidate, location, lookup: await lookUp(candidate) });
  }
  // Without encryption both places hold the same bytes, so the record of one verifies the other.
  const shared = found.map((each) => {
    const twin = found.find((other) => other.object.key === each.object.key && isVerifiable(other));
    return isVerifiable(each) || twin === undefined ? each : { ...each, lookup: twin.lookup };
  });
  for (const { location, lookup } of shared.filter((each) => !isVerifiable(each))) {
    const reason =
      lookup.record === undefined ? lookup.reason : 'the status has none, as the Python tool made it';
    context.log.warn(`The checksum of ${quoteLocation(location)} cannot be verified: ${reason}`);
  }
  return shared.toSorted((a, b) => Number(isVerifiable(b)) - Number(isVerifiable(a)));
}

function isVerifiable({ lookup }: Verifiable): boolean {
  return lookup.record?.sha256 !== undefined;
}

async function fetchFrom(
  candidate: Verifiable,
  { dst, extract, check, checkEnd, guard }: Fetch,
  context: JobContext,
): Promise<void> {
  const { destination, object, parsed, location, lookup } = candidate;
  context.log.debug(`Restoring ${quoteLocation(location)} (${formatBytes(object.size)})`);
  const expected = expectedBytes(lookup, object.size);
  if (expected.size !== object.size) {
    throw new IntegrityError(`it has ${object.size} bytes, the status says ${expected.size}`);
  }
  const space = await measureSpace(dst);
  requireSpace(space, leastSize(space, { packed: object.size, unpacked: lookup.record?.unpackedSize }));
  const inverse: Stage[] = [];
  for (const modifier of restoreChain(parsed.name, context.config, context.cores)) {
    inverse.push(await modifier.invert((message) => context.log.warn(message)));
  }
  const line = context.progress.begin(location, object.size);
  const verifier = new DigestVerifier(expected, (bytes) => line.advance(bytes));
  // With a checksum the extractor can have its input from the decompressor directly.
  const ending = isVerifiable(candidate) || checkEnd === undefined ? [] : [checkEnd()];
  const guarding = guard === undefined ? [] : [guard()];
  try {
    await runPipeline(
      [destination.read(object.key), verifier, ...inverse, ...ending, ...guarding, extract()],
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
  const { code } = cause as NodeJS.ErrnoException;
  const isDamaged = cause instanceof IntegrityError || (typeof code === 'string' && code.startsWith('Z_'));
  const isExplained = cause instanceof TwinDbError && cause.remedy !== undefined;
  const message = `Cannot restore ${location}${isDamaged ? ': the copy is damaged' : ''}`;
  const remedy = `${isDamaged ? 'Restore' : 'If the copy is damaged, restore'} another one; twindb-backup ls shows them.`;
  return new TwinDbError(message, isExplained || !isLast ? { cause } : { cause, remedy });
}
