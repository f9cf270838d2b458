import { StorageError } from '../../errors.ts';
import { formatBytes } from '../../units.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Limits of a multipart upload. Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits". */
const MAX_PARTS = 10_000;
const MIN_PART = 5 * MIB;

/** S3 takes 5 GiB, but Node's crypto signs no buffer of 2 GiB or more ("data is too long"). */
const LARGEST_PART = 2047 * MIB;

/** Up to here every stream fits, and memory keeps to BUFFER_BUDGET (contract D15). */
const BOUNDED_CAPACITY = 512 * GIB;

/**
 * Bytes of parts in memory: those being uploaded and the one being filled. With it the process stays well below
 * its 300 MB; the rest is Node, the SDK and the other stages.
 */
export const BUFFER_BUDGET = 128 * MIB;

/** How much more than expected must fit: estimates come from the last copy or from uncompressed sizes. */
const MARGIN = 1.5;

/** What is expected gets all but these; they grow, so that a guess that was too small costs memory and not the copy. */
const RESERVED_PARTS = 932;

/** How a stream of unknown length is cut into the parts of a multipart upload. */
export interface PartPlan {
  /** Bytes in part `index`; the first part is 1. Only the last part may hold less. */
  partSize(index: number): number;
  /** Parts that may be uploading while part `index` is being filled or uploaded, so that memory stays bounded; at least 1. */
  inFlight(index: number): number;
  /** Bytes that fit in all parts together. */
  readonly capacity: number;
  /** Bytes up to which memory stays at `memory`; beyond, the parts grow. */
  readonly planned: number;
  /** Bytes of buffers that the planned parts take at most. */
  readonly memory: number;
  /** What to tell a user whose stream outgrew `capacity`. */
  readonly remedy: string;
}

/** A run of parts of the same size. */
export interface PartTier {
  readonly parts: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Plans the parts for a stream of about `expectedBytes`; absent: unknown.
 *
 * `configuredPartSize` (bytes, `[s3] part_size`) is used for what is expected and for most parts in any case. Without
 * it the parts grow with the stream: small ones first, because they go up side by side in the same memory. Either way
 * the last parts are a reserve that grows to the largest part. Throws a StorageError when what is expected cannot fit.
 */
export function planParts(
  expectedBytes: number | undefined,
  configuredPartSize: number | undefined,
): PartPlan {
  return configuredPartSize === undefined
    ? planGrowing(expectedBytes ?? 0)
    : planFixed(expectedBytes ?? 0, configuredPartSize);
}

function planFixed(expected: number, size: number): PartPlan {
  if (size < MIN_PART || size > LARGEST_PART) {
    throw new StorageError(
      `Parts of ${size} bytes cannot be sent to S3: ${MIN_PART / MIB} MiB to ${LARGEST_PART / MIB} MiB can`,
      { remedy: 'Correct [s3] part_size, or remove it to have it chosen.' },
    );
  }
  if (expected > size * MAX_PARTS) {
    const needed = Math.ceil((expected * MARGIN) / MAX_PARTS / MIB);
    throw new StorageError(
      `About ${formatBytes(expected)} are expected, but ${MAX_PARTS} parts of [s3] part_size hold only ${formatBytes(size * MAX_PARTS)}`,
      { remedy: `Set [s3] part_size to at least ${needed} MiB, or remove it to have it chosen.` },
    );
  }
  const parts = Math.max(MAX_PARTS - RESERVED_PARTS, Math.ceil(expected / size));
  const tiers = [{ parts, size }, ...planReserve(MAX_PARTS - parts, size)];
  return planTiers(tiers, 1, 'Raise [s3] part_size, or remove it to have it chosen.');
}

function planGrowing(expected: number): PartPlan {
  const small: PartTier[] = [
    { parts: 500, size: 16 * MIB },
    { parts: 1000, size: 32 * MIB },
  ];
  const parts = MAX_PARTS - RESERVED_PARTS - 1500;
  const wanted = expected > BOUNDED_CAPACITY ? wholeMib((expected * MARGIN) / parts) : 64 * MIB;
  const size = Math.min(wanted, LARGEST_PART);
  const remedy = `Set [s3] part_size to the size of the copy divided by ${MAX_PARTS}, or more.`;
  const plan = planTiers([...small, { parts, size }, ...planReserve(RESERVED_PARTS, size)], 3, remedy);
  if (expected <= plan.capacity) return plan;
  throw new StorageError(
    `About ${formatBytes(expected)} are expected, but parts of at most ${LARGEST_PART / MIB} MiB hold only ${formatBytes(plan.capacity)}`,
    { remedy: 'Back up fewer directories in one copy, or use another destination.' },
  );
}

/** Parts that double in size every tenth of them up to the largest: memory grows only as far as the stream asks for. */
function planReserve(parts: number, size: number): PartTier[] {
  const tiers: PartTier[] = [];
  const step = Math.max(1, Math.floor(parts / 10));
  for (let left = parts, grown = size; left > 0; left -= tiers.at(-1)?.parts ?? 0) {
    grown = Math.min(2 * grown, LARGEST_PART);
    tiers.push({ parts: grown === LARGEST_PART ? left : Math.min(step, left), size: grown });
  }
  return tiers;
}

/** The plan that cuts these tiers one after the other; the first `planned` of them are what one reckons with. */
export function planTiers(tiers: readonly PartTier[], planned: number, remedy: string): PartPlan {
  const partSize = (index: number): number => {
    let last = 0;
    for (const tier of tiers) {
      last += tier.parts;
      if (index <= last) return tier.size;
    }
    throw new RangeError(`there is no part ${index}`);
  };
  const sum = (some: readonly PartTier[]): number =>
    some.reduce((total, { parts, size }) => total + parts * size, 0);
  const reckoned = tiers.slice(0, planned);
  return {
    partSize,
    inFlight: (index) => inFlightOf(partSize(index)),
    capacity: sum(tiers),
    planned: sum(reckoned),
    memory: Math.max(...reckoned.map(({ size }) => size * (inFlightOf(size) + 1))),
    remedy,
  };
}

/** One buffer more than parts in flight: the one being filled. */
function inFlightOf(size: number): number {
  return Math.max(1, Math.floor(BUFFER_BUDGET / size) - 1);
}

function wholeMib(bytes: number): number {
  return Math.ceil(bytes / MIB) * MIB;
}
