import { quoteLocation } from '../copies/quote-location.ts';
import type { Pruned } from '../jobs/retire/prune.ts';
import { prune as pruneCopies } from '../jobs/retire/prune.ts';
import { lockWait, withRunLock } from '../jobs/with-run-lock.ts';
import { withoutWriting } from '../jobs/without-writing.ts';
import type { CommandContext } from './command.ts';
import { decisionAsJson, describeDecision } from './describe-decision.ts';
import { summarisePruned } from './summarise-pruned.ts';

interface PruneOptions {
  readonly dryRun?: boolean;
  readonly lockFile: string;
  readonly json?: boolean;
}

/** Applies retention without a backup. Returns false when something could not be decided about or deleted. */
export async function prune(
  { dryRun = false, lockFile, json = false }: PruneOptions,
  context: CommandContext,
): Promise<boolean> {
  const pruned = dryRun
    ? await pruneCopies({ dryRun }, withoutWriting(context))
    : await pruneLocked(lockFile, context);
  const { decisions, pending, complete } = pruned;
  if (json) {
    const document = { success: complete, dry_run: dryRun, pending, copies: decisions.map(decisionAsJson) };
    context.print(JSON.stringify(document, undefined, 2));
    return complete;
  }
  const say = dryRun ? context.print : (line: string) => context.log.info(line);
  for (const location of pending) say(`${quoteLocation(location)}: left to be deleted by an interrupted run`);
  for (const each of decisions.filter(({ verdict }) => verdict !== 'keep')) say(describeDecision(each));
  context.log.info(summarisePruned(pruned, dryRun));
  return complete;
}

function pruneLocked(path: string, context: CommandContext): Promise<Pruned> {
  const lock = { path, holding: { what: 'prune' }, waitSeconds: lockWait('hourly') };
  return withRunLock(lock, context, async (locked) => {
    const pruned = await pruneCopies({ dryRun: false }, locked);
    locked.signal.throwIfAborted();
    return pruned;
  });
}
