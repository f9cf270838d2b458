import type { BinlogContents } from '../../copies/binlog-contents.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { describeError } from '../../errors.ts';
import type { RecoveryTarget } from '../../mysql/binlog/recovery-target.ts';
import type { JobContext } from '../job-context.ts';
import { DamagedPartError } from '../stream/feed-parts.ts';
import { readLog } from './read-log.ts';
import type { RecoveryLog } from './recovery-plan.ts';
import { withoutPart } from './streamed-logs.ts';
import { unusableLog } from './target-problems.ts';

/**
 * Reads a log to find out what is in it. Of parts it returns the log as far as they are intact: each that is damaged is warned of, and counts as missing. Throws a TwinDbError when the log cannot
 * be read; where its transactions cannot be told apart, only when it is needed.
 */
export async function readContents(
  log: RecoveryLog,
  target: RecoveryTarget,
  isNeeded: boolean,
  context: JobContext,
): Promise<RecoveryLog> {
  context.log.info(`Reading ${quoteLocation(log.key)}: the status does not say what is in it`);
  for (let intact = log; ; ) {
    // Nothing of it can be used.
    if (intact.parts?.end === 0) return intact;
    try {
      const contents = await scan(intact, target, isNeeded, context);
      return { ...intact, contents };
    } catch (error) {
      const { source } = intact;
      if (source.kind !== 'parts' || !(error instanceof DamagedPartError)) throw error;
      context.log.warn(describeError(error));
      intact = withoutPart(intact, source.log, error.part);
    }
  }
}

async function scan(
  log: RecoveryLog,
  target: RecoveryTarget,
  isNeeded: boolean,
  context: JobContext,
): Promise<BinlogContents | undefined> {
  const { scan: found } = await readLog(log.source, context);
  if (found.kind === 'read') return found.contents;
  if (!isNeeded) return undefined;
  throw unusableLog(log, target, found);
}
