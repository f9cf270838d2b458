import { parseKey } from '../../copies/key.ts';
import { describeError } from '../../errors.ts';
import { verifiedSubject } from '../../lock/verified-record.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import type { Verification } from './verification.ts';

/** What a verification was asked to look at. */
interface Verified {
  /** Whose copy it was, where the copy does not tell. */
  readonly host: string;
  /** The directory, or `mysql`; undefined where no status tells it. */
  readonly source: string | undefined;
}

/** Remembers on this machine what came of a verification, for `status --summary`. The result does not depend on that. */
export async function noteVerification(
  { host, source }: Verified,
  { copy, location, restoreTime, failure }: Verification,
  { verified, now, log }: Pick<JobContext, 'verified' | 'now' | 'log'>,
): Promise<void> {
  // Where no copy was found, none was verified.
  if (source === undefined || location === undefined || verified === undefined) return;
  const subject = verifiedSubject(parseKey(copy)?.host ?? host, source);
  const mark = { key: copy, finished: toSeconds(now()), seconds: restoreTime };
  try {
    const { success } = (await verified.read(subject)) ?? {};
    await verified.write(subject, failure === undefined ? { success: mark } : { success, failure: mark });
  } catch (error) {
    log.debug(`Cannot remember what came of this verification: ${describeError(error)}`);
  }
}
