import { listCopies } from '../catalogue/list-copies.ts';
import type { Media } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError } from '../errors.ts';
import type { CommandContext } from './command.ts';

/**
 * Lists the copies to choose from, those of one kind or all that are on the destination, and says how to choose one.
 * Returns false, as the command has failed.
 */
export async function askForCopy(
  which: Media | 'destination',
  usage: string,
  context: CommandContext,
): Promise<false> {
  const found = await listCopies(context);
  if (found.failure !== undefined) context.log.error(describeError(found.failure));
  const copies = found.copies.filter(({ parsed, place }) => parsed.media === which || place === which);
  for (const { location } of copies) context.print(quoteLocation(location));
  context.log.error(
    copies.length === 0
      ? `There is no copy${which === 'destination' ? '' : ` of ${which}`} on ${context.destination.url}`
      : `Choose one of the copies listed above: twindb-backup ${usage}`,
  );
  return false;
}
