import { warnIfUnproven } from '../../catalogue/authenticate.ts';
import type { KnownCopy, Lookup } from '../../catalogue/catalogue.ts';
import { keepTrusted } from '../../catalogue/keep-trusted.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { codeOf, describeError, IntegrityError, TwinDbError } from '../../errors.ts';
import type { Digest } from '../../pipeline/digest.ts';
import { formatBytes } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import { type LastStages, readCopy } from '../read-copy.ts';

/** What a status knows of the bytes of a copy; the Python tool records none of it. */
export interface RecordedBytes {
  readonly size: number | undefined;
  readonly sha256: string | undefined;
  readonly unpackedSize?: number | undefined;
}

/** How to read one copy. */
export interface Reading<R extends RecordedBytes> {
  /** The objects that hold the copy, in the order in which to try them. */
  readonly candidates: readonly KnownCopy<R>[];
  /** What is done with it, for messages. */
  readonly verb: 'restore' | 'list';
  /** Before a byte is read: throws where that would be in vain. */
  readonly begin?: (candidate: KnownCopy<R>) => Promise<void>;
  /** The last stages: they get what the copy was made from. `hasChecksum`: other bytes than those that were stored end the reading. */
  readonly stages: (hasChecksum: boolean) => LastStages;
  /** Throws when the copy cannot be right although every stage succeeded. */
  readonly finish?: (candidate: KnownCopy<R>) => Promise<void> | void;
  /** Undoes an attempt that failed with `error`. */
  readonly undo?: (error: unknown) => Promise<void>;
}

/**
 * Reads a copy to its end from the first place where it is intact; one that nothing can verify comes after one that can be, and
 * what must not be used is not. Returns which one it was. When all fail, the error of the last one is thrown.
 */
export async function readCandidates<R extends RecordedBytes>(
  reading: Reading<R>,
  context: JobContext,
): Promise<KnownCopy<R>> {
  const ordered = inOrderOfTrust(reading.candidates, context);
  for (const [index, candidate] of ordered.entries()) {
    try {
      await readFrom(candidate, reading, context);
      return candidate;
    } catch (cause) {
      const isLast = index === ordered.length - 1;
      const error = context.signal.aborted ? cause : readError(candidate, reading.verb, cause, isLast);
      await reading.undo?.(error);
      if (isLast || context.signal.aborted) throw error;
      context.log.warn(`${describeError(error)}\nTrying the next place that has this copy`);
    }
  }
  throw new TwinDbError(`There is no place to ${reading.verb} the copy from`);
}

function inOrderOfTrust<R extends RecordedBytes>(
  candidates: readonly KnownCopy<R>[],
  context: JobContext,
): KnownCopy<R>[] {
  const trusted = keepTrusted(candidates, context);
  const unverifiable: KnownCopy<RecordedBytes>[] = trusted.filter((each) => !hasChecksum(each));
  for (const { location, lookup } of unverifiable) {
    const reason =
      lookup.record === undefined ? lookup.reason : 'the status has none, as the Python tool made it';
    context.log.warn(`The checksum of ${quoteLocation(location)} cannot be verified: ${reason}`);
  }
  return trusted.toSorted((a, b) => Number(hasChecksum(b)) - Number(hasChecksum(a)));
}

function hasChecksum({ lookup }: KnownCopy<RecordedBytes>): boolean {
  return lookup.record?.sha256 !== undefined;
}

async function readFrom<R extends RecordedBytes>(
  candidate: KnownCopy<R>,
  { verb, begin, stages, finish }: Reading<R>,
  context: JobContext,
): Promise<void> {
  const { object, location, lookup } = candidate;
  // That there is no checksum, which has been said, says this as well.
  if (hasChecksum(candidate)) warnIfUnproven(lookup.verdict, location, context);
  const about = { key: object.key, bytes: object.size };
  const doing = verb === 'restore' ? 'Restoring' : 'Listing';
  context.log.debug(`${doing} ${quoteLocation(location)} (${formatBytes(object.size)})`, about);
  const expected = expectedBytes(lookup, object.size);
  if (expected.size !== object.size) {
    throw new IntegrityError(`it has ${object.size} bytes, the status says ${expected.size}`);
  }
  await begin?.(candidate);
  await readCopy(candidate, expected, stages(hasChecksum(candidate)), context);
  await finish?.(candidate);
}

function expectedBytes(
  { record }: Lookup<RecordedBytes>,
  actualSize: number,
): Partial<Digest> & Pick<Digest, 'size'> {
  const size = record?.size ?? actualSize;
  return record?.sha256 === undefined ? { size } : { size, sha256: record.sha256 };
}

/** The error for the operator; `cause` may be what the decompressor in this process says of damaged input. */
function readError(
  { location }: KnownCopy<unknown>,
  verb: Reading<RecordedBytes>['verb'],
  cause: unknown,
  isLast: boolean,
): TwinDbError {
  const isDamaged = cause instanceof IntegrityError || codeOf(cause)?.startsWith('Z_') === true;
  const isExplained = cause instanceof TwinDbError && cause.remedy !== undefined;
  const message = `Cannot ${verb} ${location}${isDamaged ? ': the copy is damaged' : ''}`;
  const remedy = `${isDamaged ? 'Restore' : 'If the copy is damaged, restore'} another one; twindb-backup ls shows them.`;
  return new TwinDbError(message, isExplained || !isLast ? { cause } : { cause, remedy });
}
