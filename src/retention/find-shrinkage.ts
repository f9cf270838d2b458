import { compareNewestFirst, type DatedCopy } from './newest-first.ts';
import type { Decision } from './plan.ts';

/** The size of a complete copy. Incremental copies and logs have none: theirs says nothing about their source. */
export interface MeasuredCopy extends DatedCopy {
  /** What it was made from: copies of one source are compared. */
  readonly source: string;
  /** Bytes before compression; undefined: not known. */
  readonly unpackedSize: number | undefined;
  /** Bytes as it is stored; undefined: not known. */
  readonly size: number | undefined;
  /** Nothing is in it but the folder that it was made from. */
  readonly isEmpty: boolean;
}

/** What shows that a source has become empty or much smaller. */
export interface Shrinkage {
  /** The newest copy, which is empty or far smaller than others. */
  readonly newest: MeasuredCopy;
  /** The newest of those that are neither. */
  readonly before: MeasuredCopy;
}

/** Below this share of the largest copy one is far smaller. */
const SHARE = 1 / 10;

/** The largest copy must have this many bytes for that: small sources may vary. */
const LEAST = 1024 ** 2;

/**
 * Compares the kept complete copies of one source: a mount point without its file system gives a copy that is empty or far smaller.
 * Undefined: the newest copy is of usual size, or all are small. `now` is in seconds since the epoch; `justMade` is the key of the copy
 * that is the newest whatever the clocks say.
 */
export function findShrinkage(
  copies: readonly MeasuredCopy[],
  { now, justMade }: { readonly now: number; readonly justMade?: string },
): Shrinkage | undefined {
  const isShrunken = judgeAmong(copies);
  const made = (copy: MeasuredCopy) => Number(copy.key === justMade);
  const byAge = compareNewestFirst(now);
  const [newest, ...older] = copies.toSorted((a, b) => made(b) - made(a) || byAge(a, b));
  if (newest === undefined || !isShrunken(newest)) return undefined;
  const before = older.find((copy) => !isShrunken(copy));
  return before && { newest, before };
}

/** Sizes before compression are compared with each other, and stored ones where a copy has no other. */
function judgeAmong(copies: readonly MeasuredCopy[]): (copy: MeasuredCopy) => boolean {
  const hasContent = copies.some(({ isEmpty }) => !isEmpty);
  const unpacked = largest(copies.map(({ unpackedSize }) => unpackedSize));
  const stored = largest(copies.map(({ size }) => size));
  const storedAlone = largest(
    copies.map(({ unpackedSize, size }) => (unpackedSize === undefined ? size : 0)),
  );
  return ({ isEmpty, unpackedSize, size }) => {
    if (isEmpty) return hasContent;
    if (unpackedSize === undefined) return isFarBelow(size, stored);
    return isFarBelow(unpackedSize, unpacked) || isFarBelow(size, storedAlone);
  };
}

function largest(sizes: readonly (number | undefined)[]): number {
  return sizes.reduce<number>((most, size = 0) => Math.max(most, size), 0);
}

function isFarBelow(size: number | undefined, most: number): boolean {
  return size !== undefined && most >= LEAST && size < most * SHARE;
}

/** Why retention keeps the copy from before. */
export const FROM_BEFORE = 'the newest copy from before its source shrank stays';

/** The decisions, but for one that would remove the copy from before: that one is not counted, and stays. */
export function keepFromBefore<C extends DatedCopy>(
  decisions: readonly Decision<C>[],
  shrinkage: Shrinkage | undefined,
): Decision<C>[] {
  return decisions.map((decision) =>
    decision.keep || decision.copy.key !== shrinkage?.before.key
      ? decision
      : { ...decision, keep: true, reason: `${decision.reason}, but ${FROM_BEFORE}` },
  );
}
