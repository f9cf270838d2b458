import { openCatalogue } from '../catalogue/catalogue.ts';
import { findAtDestination } from '../catalogue/find-copy.ts';
import { TwinDbError } from '../errors.ts';
import type { JobContext } from './job-context.ts';

/** A link to a copy. */
export interface SharedCopy {
  /** What `ls` prints for the copy. */
  readonly location: string;
  /** Whoever has it can fetch the copy: as good as a password until it expires. */
  readonly url: string;
  /** When the URL stops working. */
  readonly expires: Date;
}

/** Throws a TwinDbError when the destination has no way to share a copy. */
export function requireSharing({
  destination,
  config,
}: JobContext): NonNullable<JobContext['destination']['share']> {
  const { share } = destination;
  if (share !== undefined) return share;
  throw new TwinDbError(
    `Cannot share copies on ${destination.url}: a destination of kind ${config.destination.kind} has no URLs to give away`,
    { remedy: 'Copies on S3 can be shared. Restore this one, or hand over the file itself.' },
  );
}

/**
 * Makes a URL that gives a copy to whoever holds it for `seconds`. `wanted` is what `ls` prints, a key, or a name that
 * only one copy has. Throws a TwinDbError when there is no such copy, or the destination cannot share.
 */
export async function shareCopy(wanted: string, seconds: number, context: JobContext): Promise<SharedCopy> {
  const share = requireSharing(context);
  const { object, location } = await findAtDestination(wanted, openCatalogue(context));
  const expires = new Date(context.now().getTime() + seconds * 1000);
  return { location, url: await share(object.key, seconds), expires };
}
