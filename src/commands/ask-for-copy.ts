import type { Media } from '../copies/key.ts';
import { describeError } from '../errors.ts';
import { findCopies } from '../jobs/list-copies.ts';
import type { CommandContext } from './command.ts';

/** Lists the copies of one kind and says how to choose one; returns false, as the command has failed. */
export async function askForCopy(media: Media, usage: string, context: CommandContext): Promise<false> {
  const found = await findCopies(context);
  if (found.failure !== undefined) context.log.error(describeError(found.failure));
  const copies = found.copies.filter(({ parsed }) => parsed.media === media);
  for (const { location } of copies) context.print(location);
  context.log.error(
    copies.length === 0
      ? `There is no copy of ${media} on ${context.remote.url}`
      : `Choose one of the copies listed above: twindb-backup ${usage}`,
  );
  return false;
}
