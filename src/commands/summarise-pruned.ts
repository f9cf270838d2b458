import type { PlaceDecision } from '../jobs/record/retention-decisions.ts';
import type { Pruned } from '../jobs/retire/prune.ts';
import { formatBytes } from '../units.ts';

/** What came of retention, in one line. Where something failed it does not claim that what was decided was done. */
export function summarisePruned({ decisions, pending, complete }: Pruned, dryRun: boolean): string {
  const of = (verdict: PlaceDecision['verdict']) => decisions.filter((each) => each.verdict === verdict);
  const expired = of('delete');
  const size = formatBytes(expired.reduce((sum, each) => sum + (each.size ?? 0), 0));
  const left = pending.length === 0 ? '' : ` and ${pending.length} left by an interrupted run`;
  const what = `${expired.length} of ${decisions.length} copies (${size})${left}`;
  const stay = of('leave').length;
  const stays = stay === 0 ? '' : `; ${stay} have expired and stay, as [retention] remote is off`;
  return describe(what, complete, dryRun) + stays;
}

function describe(what: string, complete: boolean, dryRun: boolean): string {
  if (dryRun) return `Would delete ${what}`;
  if (complete) return `Deleted ${what}`;
  return `To be deleted were ${what}; not all of it could be done, and the next run tries again`;
}
