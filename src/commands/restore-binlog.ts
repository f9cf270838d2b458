import { resolve } from 'node:path';
import { quoteLocation } from '../copies/quote-location.ts';
import { restoreBinlogs } from '../jobs/restore/restore-binlog.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';

interface RestoreBinlogOptions extends Accepting {
  readonly dst: string;
}

/** Fetches copies of binary logs and prints the files; without a copy, lists those there are and fails. */
export async function restoreBinlog(
  copies: readonly string[],
  { dst, ...accepting }: RestoreBinlogOptions,
  context: CommandContext,
): Promise<boolean> {
  if (copies.length === 0) return await askForCopy('binlog', 'restore binlog COPY… --dst DIR', context);
  for (const file of await restoreBinlogs(copies, resolve(dst), withAcceptance(context, accepting))) {
    // A script gets the name itself; on a terminal a file is one line.
    context.print(context.interactive ? quoteLocation(file) : file);
  }
  return true;
}
