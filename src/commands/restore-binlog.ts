import { resolve } from 'node:path';
import { quoteLocation } from '../copies/quote-location.ts';
import { restoreBinlogs } from '../jobs/restore/restore-binlog.ts';
import { askForCopy } from './ask-for-copy.ts';
import type { CommandContext } from './command.ts';

interface RestoreBinlogOptions {
  readonly dst: string;
}

/** Fetches copies of binary logs and prints the files; without a copy, lists those there are and fails. */
export async function restoreBinlog(
  copies: readonly string[],
  { dst }: RestoreBinlogOptions,
  context: CommandContext,
): Promise<boolean> {
  if (copies.length === 0) return await askForCopy('binlog', 'restore binlog COPY… --dst DIR', context);
  for (const file of await restoreBinlogs(copies, resolve(dst), context)) {
    // A script gets the name itself; on a terminal a file is one line.
    context.print(context.interactive ? quoteLocation(file) : file);
  }
  return true;
}
