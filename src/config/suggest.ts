import { distance } from 'fastest-levenshtein';

/**
 * The candidate that was probably meant, if any comes near: one letter in three may be wrong, and case does not count.
 */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  const far = Math.max(1, Math.floor(word.length / 3));
  let nearest: string | undefined;
  let least = far + 1;
  for (const candidate of candidates) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase());
    if (steps < least) {
      nearest = candidate;
      least = steps;
    }
  }
  return nearest;
}

/** The end of a message: `; did you mean X?`, or nothing when nothing comes near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = findNearest(word, candidates);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}
