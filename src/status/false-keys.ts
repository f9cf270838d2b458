import { canBeKey } from '../destinations/check-key.ts';
import type { StatusFormat } from './status-format.ts';
import type { StoredStatus } from './status-store.ts';

/**
 * What is stored without what no object can be under: this tool has not written that. No destination would delete it, and each
 * run would fail by it again.
 */
export function withoutFalseKeys(
  format: StatusFormat,
  stored: StoredStatus,
): { readonly stored: StoredStatus; readonly dropped: readonly string[] } {
  const falseKeys = format
    .entries(stored.status)
    .map(([key]) => key)
    .filter((key) => !canBeKey(key));
  const deletions = stored.deletions.filter(canBeKey);
  const dropped = [...falseKeys, ...stored.deletions.filter((key) => !canBeKey(key))];
  if (dropped.length === 0) return { stored, dropped };
  return { stored: { ...stored, status: format.withoutKeys(stored.status, falseKeys), deletions }, dropped };
}

/** A false key as it is shown: quoted, and no longer than a line. */
export function shorten(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}
