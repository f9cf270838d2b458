import { resolve } from 'node:path';
import { LATEST } from '../catalogue/newest-copies.ts';
import { restoreMysql as restore } from '../jobs/restore/restore-mysql.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';
import { type PlanOptions, readTarget, requireUsed, type TargetOptions } from './recovery-options.ts';
import { requireLatest } from './require-latest.ts';

interface RestoreMysqlOptions extends Accepting, TargetOptions, PlanOptions {
  readonly dst: string;
  readonly cache?: string;
  readonly hostname?: string;
}

/** Restores a copy of MySQL and prints the next steps; without a copy, lists those there are and fails. */
export async function restoreMysql(
  copy: string | undefined,
  { dst, cache, hostname, ...more }: RestoreMysqlOptions,
  context: CommandContext,
): Promise<boolean> {
  const target = readTarget(more);
  requireUsed(target, more);
  if (target !== undefined && more.plan) {
    const { printPlan } = await import('./plan-recovery.ts');
    return await printPlan(
      copy,
      target,
      { ...more, ...(hostname && { hostname }) },
      withAcceptance(context, more),
    );
  }
  const cacheFolder = cache === undefined ? undefined : resolve(cache);
  const host = hostname ?? context.host;
  if (target !== undefined) {
    const { recoverMysql } = await import('../jobs/recover/recover-mysql.ts');
    const moreLogs = more.moreLogs === undefined ? undefined : resolve(more.moreLogs);
    const recovering = { host, moreLogs, dst: resolve(dst), cache: cacheFolder };
    const accepting = withAcceptance(context, more);
    for (const line of await recoverMysql(copy ?? LATEST, target, recovering, accepting)) context.print(line);
    return true;
  }
  if (copy === undefined) return await askForCopy('mysql', 'restore mysql COPY --dst DIR', context);
  const { before, ...accepting } = more;
  requireLatest(copy, { before });
  const options = {
    dst: resolve(dst),
    cache: cacheFolder,
    latest: { host, before },
  };
  for (const line of await restore(copy, options, withAcceptance(context, accepting))) context.print(line);
  return true;
}
