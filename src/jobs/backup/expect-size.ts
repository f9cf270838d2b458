import type { ExpectedSize } from '../../destinations/destination.ts';

/** How much a copy may have grown since the last one before its parts no longer hold it. */
const GROWTH = 3;

/**
 * The size to plan a copy for, in bytes: by that of the last one (`previousSize`), by what its source holds (`sourceSize`), and by how
 * far the last attempt came that outgrew its plan (`reached`). Undefined when none of them is known.
 *
 * After a week that attempt says no more that the next will fail: the source may have become smaller.
 */
export function expectSize(known: {
  readonly previousSize: number | undefined;
  readonly sourceSize: number | undefined;
  readonly reached: { readonly bytes: number; readonly isOfLate: boolean } | undefined;
}): ExpectedSize | undefined {
  const { previousSize, sourceSize, reached } = known;
  if (previousSize === undefined && sourceSize === undefined && reached === undefined) return undefined;
  return {
    likely: previousSize ?? sourceSize ?? 0,
    atMost: Math.max(GROWTH * (previousSize ?? 0), sourceSize ?? 0, 2 * (reached?.bytes ?? 0)),
    ...(reached?.isOfLate && { reached: reached.bytes }),
  };
}
