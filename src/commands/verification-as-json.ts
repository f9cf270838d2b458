import type { Verification } from '../jobs/restore/verification.ts';

/** The documented shape of what `verify` prints of a copy, with what else is known of it; see docs/usage.md. */
export function verificationAsJson(
  { copy, location, restoreTime, failure }: Verification,
  more: object = {},
): object {
  return {
    backup_copy: copy,
    location: location ?? null,
    restore_time: restoreTime,
    ...more,
    success: failure === undefined,
    ...(failure === undefined ? {} : { reason: failure }),
  };
}
