import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError } from '../../errors.ts';
import type { JobContext } from '../job-context.ts';

/**
 * Tells what runs that have ended left half-written below the names of other hosts, such as a former name of this one: a backup removes only what is
 * below its own. Looks at the destination and at keep_local_path.
 */
export async function warnOfLeftovers(hosts: Iterable<string>, context: JobContext): Promise<void> {
  const { destination, local, log, host: own } = context;
  for (const host of hosts) {
    if (host === own) continue;
    for (const place of local === undefined ? [destination] : [destination, local]) {
      try {
        for (const { what, command } of await place.leftovers(host)) {
          const remedy = command === undefined ? 'remove it by hand' : `run: ${command}`;
          log.warn(
            `A run that has ended left ${quoteLocation(what)} half-written, and only runs of the host ${quoteLocation(host)} remove it. If it has another name now, ${remedy}`,
          );
        }
      } catch (error) {
        context.signal.throwIfAborted();
        log.warn(describeError(error));
      }
    }
  }
}
