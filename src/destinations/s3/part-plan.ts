import { StorageError } from '../../errors.ts';
import { formatBytes } from '../../units.ts';
import type { ExpectedSize } from '../destination.ts';
import type { S3Config } from './config.ts';

const MIB = 1024 ** 2;

/** The most parts of an upload. Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits". */
const MAX_PARTS = 10_000;

/** Holds 156 GiB. */
const SMALLEST_PART = 16 * MIB;

/** Where nothing is known of the stream: holds 312 GiB. */
const PART_FOR_UNKNOWN = 32 * MIB;

/** S3 takes 5 GiB, but Node's crypto signs no buffer of 2 GiB or more ("data is too long"). */
const LARGEST_PART = 2047 * MIB;

/** Bytes of parts under way at once, unless a single part is larger: with it the process keeps to its memory (contract D15; docs/benchmarks.md). */
const IN_FLIGHT = 128 * MIB;

/** How a stream is cut into the parts of a multipart upload. */
export interface PartPlan {
  /** Bytes of each part but the last. */
  readonly partSize: number;
  /** Parts that are sent at once. */
  readonly queueSize: number;
  /** Bytes that fit in all parts together. */
  readonly capacity: number;
  /** What to tell a user whose stream outgrew `capacity`. */
  readonly remedy: string;
}

/**
 * Plans the parts for a stream of the size expected; absent: unknown. `[s3] part_size` is used as it is. Throws a StorageError when
 * what is likely to come cannot fit, nor what has come already when an attempt of late outgrew parts of the size that is still configured.
 */
export function planParts(
  expected: ExpectedSize | undefined,
  { partSize: configured, concurrency }: Pick<S3Config, 'partSize' | 'concurrency'>,
): PartPlan {
  const partSize = configured ?? choosePartSize(expected);
  const capacity = partSize * MAX_PARTS;
  const { likely = 0, reached = 0 } = expected ?? {};
  if (likely > capacity)
    throw cannotFit(`About ${formatBytes(likely)} are expected`, likely, { configured, capacity });
  if (configured !== undefined && reached > capacity) {
    throw cannotFit(`The last attempt came to ${formatBytes(reached)}`, reached, { configured, capacity });
  }
  return {
    partSize,
    queueSize: Math.min(concurrency, Math.max(1, Math.floor(IN_FLIGHT / partSize))),
    capacity,
    remedy:
      configured === undefined
        ? 'The next backup chooses parts for twice as much; or set [s3] part_size.'
        : 'Raise [s3] part_size, or remove it to have it chosen.',
  };
}

/** Bytes of memory that the parts of a plan take: those under way, and the one that is being filled. */
export function memoryOf({ partSize, queueSize }: PartPlan): number {
  return (queueSize + 1) * partSize;
}

function choosePartSize(expected: ExpectedSize | undefined): number {
  if (expected === undefined) return PART_FOR_UNKNOWN;
  const needed = Math.ceil(expected.atMost / MAX_PARTS / MIB) * MIB;
  return Math.min(LARGEST_PART, Math.max(SMALLEST_PART, needed));
}

function cannotFit(
  reason: string,
  size: number,
  { configured, capacity }: { readonly configured: number | undefined; readonly capacity: number },
): StorageError {
  const holds = `hold only ${formatBytes(capacity)}`;
  if (configured === undefined) {
    return new StorageError(`${reason}, but parts of at most ${LARGEST_PART / MIB} MiB ${holds}`, {
      remedy: 'Back up fewer directories in one copy, or use another destination.',
    });
  }
  // Half as much again, as the copy grows.
  const needed = Math.ceil((size * 1.5) / MAX_PARTS / MIB);
  return new StorageError(`${reason}, but ${MAX_PARTS} parts of [s3] part_size ${holds}`, {
    remedy: `Set [s3] part_size to at least ${needed} MiB, or remove it to have it chosen.`,
  });
}
