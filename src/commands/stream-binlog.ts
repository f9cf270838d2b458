import { streamBinlog } from '../jobs/stream/stream-binlog.ts';
import type { CommandContext } from './command.ts';

interface StreamOptions {
  readonly lockFile: string;
}

/** Runs until it is told to end. */
export async function streamBinlogs({ lockFile }: StreamOptions, context: CommandContext): Promise<boolean> {
  await streamBinlog({ lock: { path: lockFile }, stopping: context.stopping ?? context.signal }, context);
  return true;
}
