import { quoteLocation } from '../../copies/quote-location.ts';
import type { Writer } from '../../copies/writer.ts';
import type { Kind, RecordedCopy } from '../../kinds/kind.ts';
import { findShrinkage, type MeasuredCopy } from '../../retention/find-shrinkage.ts';
import { tellApart } from '../../retention/own-copies.ts';
import type { Status } from '../../status/entries.ts';
import { formatBytes, toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';

interface SourceAtHand {
  /** As `MeasuredCopy` has it. */
  readonly source: string;
  /** Another machine or server of this name may have a smaller one. */
  readonly us: Writer;
  /** Key of the copy that a run has just made of it. */
  readonly justMade?: string;
}

/**
 * Warns when the newest complete copy of a source on the destination is empty, or far smaller than others that are kept: a file system
 * may not be mounted there. Retention keeps the newest copy from before (find-shrinkage.ts), unless the configuration trusts that.
 */
export function warnOfShrinkage<C extends RecordedCopy>(
  kind: Kind<C>,
  status: Status,
  { source, us, justMade }: SourceAtHand,
  {
    config,
    destination,
    host,
    now,
    warnLasting,
  }: Pick<JobContext, 'config' | 'destination' | 'host' | 'now' | 'warnLasting'>,
): void {
  if (config.trustShrinking) return;
  const { ours } = tellApart(kind.copies(status), us);
  const copies = ours
    .filter((copy) => copy.host === host)
    .flatMap((copy) => kind.measured(copy) ?? [])
    .filter((copy) => copy.source === source);
  const found = findShrinkage(copies, { now: toSeconds(now()), ...(justMade !== undefined && { justMade }) });
  if (found === undefined) return;
  const { newest, before } = found;
  const location = quoteLocation(destination.locate(before.key));
  warnLasting(
    `shrunken ${source}`,
    `${describeSource(kind, source)} ${describeSize(newest, before)}. Retention keeps ${location} until the size is back\n` +
      'See whether data or a file system are missing there. If it is meant to be that small, set [retention] trust_shrinking=yes: then that copy expires as others do.',
    before.key,
  );
}

function describeSource({ media }: Pick<Kind, 'media'>, source: string): string {
  return media === 'files' ? quoteLocation(source) : 'The MySQL server';
}

function describeSize(newest: MeasuredCopy, before: MeasuredCopy): string {
  if (newest.isEmpty) return 'is empty now, and was not before';
  const [now, then] =
    newest.unpackedSize !== undefined && before.unpackedSize !== undefined
      ? [newest.unpackedSize, before.unpackedSize]
      : [newest.size ?? 0, before.size ?? 0];
  return `has shrunk from ${formatBytes(then)} to ${formatBytes(now)}`;
}
