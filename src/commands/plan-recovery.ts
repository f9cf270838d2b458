import { resolve } from 'node:path';
import { openCatalogue } from '../catalogue/catalogue.ts';
import { LATEST } from '../catalogue/newest-copies.ts';
import { planRecovery } from '../jobs/recover/plan-recovery.ts';
import type { RecoveryTarget } from '../mysql/binlog/recovery-target.ts';
import type { CommandContext } from './command.ts';
import { planAsJson, planAsText } from './print-plan.ts';
import type { PlanOptions } from './recovery-options.ts';

interface PlanningOptions extends PlanOptions {
  readonly hostname?: string;
}

/** Prints what a recovery would restore and replay, by the statuses alone, and does nothing. */
export async function printPlan(
  copy: string | undefined,
  target: RecoveryTarget,
  { hostname, moreLogs, json }: PlanningOptions,
  context: CommandContext,
): Promise<boolean> {
  const options = {
    host: hostname ?? context.host,
    moreLogs: moreLogs === undefined ? undefined : resolve(moreLogs),
    onlyStatuses: true,
  };
  const plan = await planRecovery(copy ?? LATEST, target, options, openCatalogue(context), context);
  if (json) context.print(JSON.stringify(planAsJson(plan), undefined, 2));
  else for (const line of planAsText(plan)) context.print(line);
  return true;
}
