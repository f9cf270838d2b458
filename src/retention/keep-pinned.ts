import type { PinnableCopy } from '../copies/pin.ts';
import type { Decision } from './plan.ts';

/** Why retention keeps a pinned copy. */
export const PINNED = 'it is pinned';

/**
 * The decisions, but for those that would remove a pinned copy. A pin changes nothing for other copies: the counts go on as if there
 * were none, so that a pinned copy stays besides as many as the configuration says, once its time is over.
 */
export function keepPinned<C extends PinnableCopy>(decisions: readonly Decision<C>[]): Decision<C>[] {
  return decisions.map((decision) =>
    decision.keep || decision.copy.pin === undefined
      ? decision
      : { ...decision, keep: true, reason: `${decision.reason}, but ${PINNED}` },
  );
}
