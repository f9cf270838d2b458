import { resolve } from 'node:path';
import { LATEST } from '../catalogue/newest-copies.ts';
import { restoreTables as restore } from '../jobs/tables/restore-tables.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import type { CommandContext } from './command.ts';
import { readTarget, requireUsed, type TargetOptions } from './recovery-options.ts';
import { requireLatest } from './require-latest.ts';

interface RestoreTablesOptions extends Accepting, TargetOptions {
  readonly dst: string;
  readonly copy?: string;
  readonly hostname?: string;
  readonly moreLogs?: string;
}

/** Restores tables as files of SQL, and prints how rows of them are brought back. */
export async function restoreTables(
  names: readonly string[],
  { dst, copy = LATEST, hostname, moreLogs, ...more }: RestoreTablesOptions,
  context: CommandContext,
): Promise<boolean> {
  const target = readTarget(more);
  requireUsed(target, { ...(moreLogs !== undefined && { moreLogs }) });
  if (target === undefined) requireLatest(copy, { hostname });
  const options = {
    copy,
    target,
    dst: resolve(dst),
    host: hostname ?? context.host,
    moreLogs: moreLogs === undefined ? undefined : resolve(moreLogs),
  };
  for (const line of await restore(names, options, withAcceptance(context, more))) context.print(line);
  return true;
}
