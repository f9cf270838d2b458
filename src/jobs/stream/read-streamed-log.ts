import { open } from 'node:fs/promises';
import type { StreamedLog } from '../../catalogue/streamed-logs.ts';
import { LastEnd } from '../../mysql/binlog/last-end.ts';
import type { JobContext } from '../job-context.ts';
import { feedParts } from './feed-parts.ts';

/** A log that was joined from its parts. */
export interface JoinedLog {
  /** Bytes of the file: the log up to the end of its last complete transaction. */
  readonly size: number;
  /** Bytes behind that, of a transaction whose end is not stored. */
  readonly dropped: number;
}

/** Only the user who restores may read it. */
const FILE_MODE = 0o600;

/**
 * Joins the parts of a log, as `listStreamedLogs` found them, to the file `path`, which must not exist. It has the log from its beginning up to the end of the
 * last complete transaction before a hole, or before the last part: what is behind that is dropped. Of a log that the server has ended
 * nothing is. Throws as `feedParts`. The file is of no use then, and is left to the caller to remove.
 */
export async function readStreamedLog(
  log: Pick<StreamedLog, 'parts'>,
  path: string,
  context: JobContext,
): Promise<JoinedLog> {
  await using file = await open(path, 'wx', FILE_MODE);
  const lastEnd = new LastEnd();
  let size = 0;
  await feedParts(
    log,
    async (bytes) => {
      lastEnd.feed(bytes);
      await file.writeFile(bytes);
      size += bytes.length;
    },
    context,
  );
  await file.truncate(lastEnd.end);
  await file.sync();
  return { size: lastEnd.end, dropped: size - lastEnd.end };
}
