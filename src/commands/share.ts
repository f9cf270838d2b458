import { quoteLocation } from '../copies/quote-location.ts';
import { requireSharing, shareCopy } from '../jobs/share-copy.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';

interface ShareOptions {
  /** Seconds. */
  readonly expires: number;
}

/** Prints a URL for a copy; without a copy, lists those that can be shared and fails. */
export async function share(
  copy: string | undefined,
  { expires }: ShareOptions,
  context: CommandContext,
): Promise<boolean> {
  requireSharing(context);
  if (copy === undefined) return await askForCopy('destination', 'share COPY [--expires TIME]', context);
  const shared = await shareCopy(copy, expires, context);
  context.print(shared.url);
  context.log.info(
    `Whoever has this URL can fetch ${quoteLocation(shared.location)} until ${shared.expires.toISOString()}`,
  );
  return true;
}
