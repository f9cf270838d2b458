import { resolve } from 'node:path';
import { restoreMysql as restore } from '../jobs/restore/restore-mysql.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';
import { type InstallingOptions, installOnly } from './install-mysql.ts';
import { requireLatest } from './require-latest.ts';

interface RestoreMysqlOptions extends Accepting, InstallingOptions {
  readonly dst: string;
  readonly cache?: string;
  readonly before?: Date;
  readonly hostname?: string;
}

/** Restores a copy of MySQL, puts it into place where that is asked for, and prints the next steps; without a copy, lists those there are and fails. */
export async function restoreMysql(
  copy: string | undefined,
  { dst, cache, before, hostname, install, start, uninstall, ...accepting }: RestoreMysqlOptions,
  context: CommandContext,
): Promise<boolean> {
  const accepted = withAcceptance(context, accepting);
  let lines = await installOnly(copy, dst, { install, start, uninstall }, accepted);
  if (lines === undefined) {
    if (copy === undefined) return await askForCopy('mysql', 'restore mysql COPY --dst DIR', context);
    requireLatest(copy, { before });
    const options = {
      dst: resolve(dst),
      cache: cache === undefined ? undefined : resolve(cache),
      latest: { host: hostname ?? context.host, before },
      install: install ? { start: start ?? false } : undefined,
    };
    lines = await restore(copy, options, accepted);
  }
  for (const line of lines) context.print(line);
  return true;
}
