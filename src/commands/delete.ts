import { parseKey } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { UsageError } from '../errors.ts';
import { deleteCopies as deleteSelected } from '../jobs/retire/delete-copies.ts';
import { type HeldCopy, sizeOf } from '../jobs/retire/held-copies.ts';
import { type Deletion, planDeletion, type Selection } from '../jobs/retire/plan-deletion.ts';
import { lockWait, withRunLock } from '../jobs/with-run-lock.ts';
import { withoutWriting } from '../jobs/without-writing.ts';
import { formatBytes } from '../units.ts';
import type { CommandContext } from './command.ts';
import { copyAsJson } from './copy-as-json.ts';

interface DeleteOptions {
  readonly withIncrementals?: boolean;
  readonly hostname?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly lockFile: string;
  readonly json?: boolean;
}

/** Deletes copies once somebody has agreed. Returns false when nobody has. */
export async function deleteCopies(
  wanted: readonly string[],
  options: DeleteOptions,
  context: CommandContext,
): Promise<boolean> {
  const { withIncrementals = false, hostname, yes = false, dryRun = false, lockFile, json = false } = options;
  if (!yes && !dryRun && context.ask === undefined) {
    throw new UsageError('Nothing was deleted: there is no terminal to ask whether the copies may go', {
      remedy: 'Give --yes to delete them without a question, or --dry-run to see which they are.',
    });
  }
  const host = hostname ?? context.host;
  const selection: Selection = { wanted, withIncrementals, host, isNamed: hostname !== undefined };
  const planned = await planDeletion(selection, withoutWriting(context));
  for (const warning of planned.warnings) context.log.warn(warning);
  if (!dryRun && !yes && !(await isAgreed(planned, context))) {
    context.log.error('Nothing was deleted');
    return false;
  }
  const deleted = dryRun ? planned : await deleteLocked(selection, planned, lockFile, context);
  if (json) context.print(JSON.stringify(toJson(deleted, dryRun), undefined, 2));
  else for (const copy of deleted.copies) tell(copy, dryRun, context);
  return true;
}

async function isAgreed({ copies }: Deletion, { ask }: CommandContext): Promise<boolean> {
  const size = formatBytes(copies.reduce((sum, copy) => sum + sizeOf(copy), 0));
  const lines = copies.map((copy) => `  ${describe(copy)}`).join('\n');
  const what = copies.length === 1 ? 'this copy' : `these ${copies.length} copies, ${size} together`;
  const answer = await ask?.(`Delete ${what}?\n${lines}\nType yes to delete:`);
  return answer?.toLowerCase() === 'yes';
}

function deleteLocked(
  selection: Selection,
  { copies }: Deletion,
  path: string,
  context: CommandContext,
): Promise<Deletion> {
  const lock = { path, holding: { what: 'delete' }, waitSeconds: lockWait('hourly') };
  return withRunLock(lock, context, async (locked) => {
    const deleted = await deleteSelected(selection, copies, locked);
    locked.signal.throwIfAborted();
    return deleted;
  });
}

function tell(copy: HeldCopy, dryRun: boolean, { print, log }: CommandContext): void {
  if (dryRun) print(`Would delete ${describe(copy)}`);
  else log.info(`Deleted ${describe(copy)}`);
}

function describe(copy: HeldCopy): string {
  const unlisted = copy.attributes === undefined ? ', not in the status' : '';
  return `${quoteLocation(copy.location)} (${formatBytes(sizeOf(copy))}${unlisted})`;
}

/** The documented shape of `delete --json`; see docs/usage.md. */
function toJson({ copies, warnings }: Deletion, dryRun: boolean): object {
  return { dry_run: dryRun, warnings, copies: copies.map(copyToJson) };
}

function copyToJson(copy: HeldCopy): object {
  const { place, key, location, attributes } = copy;
  const parsed = parseKey(key);
  return {
    ...(parsed && copyAsJson({ place: place.role, location, key, parsed })),
    size: sizeOf(copy),
    listed: attributes !== undefined,
  };
}
