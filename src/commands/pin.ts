import type { Pin } from '../copies/pin.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { UsageError } from '../errors.ts';
import { describeReason } from '../jobs/retire/obstacles.ts';
import { pinCopies } from '../jobs/retire/pin-copies.ts';
import { toSeconds } from '../units.ts';
import type { CommandContext } from './command.ts';

interface PinOptions {
  readonly hostname?: string;
  readonly reason?: string;
}

/** Characters of a reason: every run reads them. */
const MAX_REASON = 500;

/** Lets retention leave copies alone. */
export async function pin(
  wanted: readonly string[],
  { hostname, reason }: PinOptions,
  context: CommandContext,
): Promise<boolean> {
  if (reason !== undefined && reason.length > MAX_REASON)
    throw new UsageError(`--reason has ${reason.length} characters, and may have ${MAX_REASON}`);
  const wish: Pin = { at: toSeconds(context.now()), reason: reason?.trim() || undefined };
  for (const { location, before } of await pinCopies(wanted, wish, hostname ?? context.host, context)) {
    const already = before === undefined ? 'Pinned' : 'Pinned before, and still:';
    context.log.info(`${already} ${quoteLocation(location)}${describeReason(wish.reason ? wish : before)}`);
  }
  return true;
}

/** Lets retention decide about copies again. */
export async function unpin(
  wanted: readonly string[],
  { hostname }: Pick<PinOptions, 'hostname'>,
  context: CommandContext,
): Promise<boolean> {
  for (const { location, before } of await pinCopies(wanted, undefined, hostname ?? context.host, context)) {
    context.log.info(
      `${quoteLocation(location)} ${before === undefined ? 'was not pinned' : 'is pinned no longer'}`,
    );
  }
  return true;
}
