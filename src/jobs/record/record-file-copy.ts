import type { FileCopy } from '../../copies/file-copy.ts';
import { fileCopies, toAttributes } from '../../kinds/files.ts';
import type { Log } from '../../log.ts';
import { planRetention } from '../../retention/plan.ts';
import { withEntry, withoutKeys } from '../../status/layout.ts';
import { type CopyPlace, recordCopy } from './record-copy.ts';

/** Enters a stored copy in the status and applies retention to the copies of the same directory and run type. */
export async function recordFileCopy(
  place: CopyPlace,
  copy: FileCopy,
  count: number,
  log: Log,
): Promise<void> {
  await recordCopy(
    place,
    {
      made: copy.key,
      enter: (status) => withEntry(status, copy.runType, copy.key, place.sign(copy.key, toAttributes(copy))),
      plan: (status) =>
        planRetention(
          fileCopies(status).filter((other) => isPeer(copy, other)),
          {
            count,
            alwaysKeepNewest: place.alwaysKeepNewest,
            now: copy.backupFinished,
            justMade: copy.key,
          },
        ),
      without: withoutKeys,
    },
    log,
  );
}

function isPeer(copy: FileCopy, other: FileCopy): boolean {
  return other.host === copy.host && other.runType === copy.runType && other.sourcePath === copy.sourcePath;
}
