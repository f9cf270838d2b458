import { resolve } from 'node:path';
import { LATEST } from '../catalogue/newest-copies.ts';
import { restoreMysql as restore } from '../jobs/restore/restore-mysql.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';
import { type InstallingOptions, installOnly } from './install-mysql.ts';
import { type PlanOptions, readTarget, requireUsed, type TargetOptions } from './recovery-options.ts';
import { requireLatest } from './require-latest.ts';

interface RestoreMysqlOptions extends Accepting, TargetOptions, PlanOptions, InstallingOptions {
  readonly dst: string;
  readonly cache?: string;
  readonly hostname?: string;
}

/**
 * Restores a copy of MySQL, or recovers the server up to a target, puts the data into place where that is asked for, and prints the next steps; without
 * a copy, lists those there are and fails.
 */
export async function restoreMysql(
  copy: string | undefined,
  { dst, cache, hostname, install, start, uninstall, ...more }: RestoreMysqlOptions,
  context: CommandContext,
): Promise<boolean> {
  const target = readTarget(more);
  requireUsed(target, more);
  const accepting = withAcceptance(context, more);
  if (target !== undefined && more.plan) {
    const { printPlan } = await import('./plan-recovery.ts');
    return await printPlan(copy, target, { ...more, ...(hostname && { hostname }) }, accepting);
  }
  const wanted = target === undefined ? copy : (copy ?? LATEST);
  let lines = await installOnly(wanted, dst, { install, start, uninstall }, accepting);
  if (lines === undefined) {
    if (wanted === undefined) return await askForCopy('mysql', 'restore mysql COPY --dst DIR', context);
    const host = hostname ?? context.host;
    const options = {
      dst: resolve(dst),
      cache: cache === undefined ? undefined : resolve(cache),
      install: install ? { start: start ?? false } : undefined,
    };
    if (target === undefined) {
      const { before } = more;
      requireLatest(wanted, { before });
      lines = await restore(wanted, { ...options, latest: { host, before } }, accepting);
    } else {
      const { recoverMysql } = await import('../jobs/recover/recover-mysql.ts');
      const moreLogs = more.moreLogs === undefined ? undefined : resolve(more.moreLogs);
      lines = await recoverMysql(wanted, target, { ...options, host, moreLogs }, accepting);
    }
  }
  for (const line of lines) context.print(line);
  return true;
}
