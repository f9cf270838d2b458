import { parseKey } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import type { PlaceDecision } from '../jobs/record/retention-decisions.ts';
import { copyAsJson } from './copy-as-json.ts';

/** What retention does about a copy, and why, as a line. */
export function describeDecision({ location, verdict, reason }: PlaceDecision): string {
  return `${quoteLocation(location)}: ${verdict} (${quoteLocation(reason)})`;
}

/** The same as the documents have it; see docs/usage.md. */
export function decisionAsJson({ role, key, location, verdict, reason, size }: PlaceDecision): object {
  const parsed = parseKey(key);
  const copy = parsed === undefined ? { location, key } : copyAsJson({ place: role, location, key, parsed });
  return { ...copy, size: size ?? null, decision: verdict, reason };
}
