import { forEachAtOnce } from '../../at-once.ts';
import { listStreamedLogs } from '../../catalogue/streamed-logs.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError, ObjectNotFoundError } from '../../errors.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import type { RecoveryLog } from '../recover/recovery-plan.ts';
import { toRecoveryLogs } from '../recover/streamed-logs.ts';
import { readPart } from '../stream/feed-parts.ts';

/** How many parts are read at once. */
const AT_ONCE = 8;

/**
 * Whether the logs of a host that are stored in parts only have no hole and, where `isRead`, no part that is damaged or cannot be read here; what is wrong is reported in the log. Nothing records what
 * their bytes have to be: compression, encryption and the length in the name tell. Throws when they cannot be listed.
 */
export async function checkParts(host: string, isRead: boolean, context: JobContext): Promise<boolean> {
  // Listed first: what is stored as a whole meanwhile is in the status then.
  const streamed = await listStreamedLogs(context.destination, host);
  if (streamed.length === 0) return true;
  const { binlog } = await openPlaces({ ...context, host });
  const stored = BINLOG.copies((await binlog.destination.status.read()).status);
  let isFine = true;
  for (const log of toRecoveryLogs(host, streamed, { stored, copies: [] })) {
    if (log.parts?.problem !== undefined) {
      context.log.error(
        `${quoteLocation(log.key)}: ${log.parts.problem}, and what is behind it cannot be replayed`,
      );
      isFine = false;
    }
    if (isRead) isFine = (await readAll(log, context)) && isFine;
  }
  return isFine;
}

async function readAll({ source }: RecoveryLog, context: JobContext): Promise<boolean> {
  if (source.kind !== 'parts') return true;
  let isFine = true;
  await forEachAtOnce([...source.log.parts, ...source.log.rest], AT_ONCE, async (part) => {
    try {
      await readPart(part, () => undefined, true, context);
    } catch (error) {
      context.signal.throwIfAborted();
      // The log was stored as a whole, and its parts were deleted then.
      if (error instanceof ObjectNotFoundError) return;
      context.log.error(describeError(error));
      isFine = false;
    }
  });
  return isFine;
}
