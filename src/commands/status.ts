import { FILES_STATUS } from '../status/files-status.ts';
import { openStatusStore } from '../status/status-store.ts';
import type { CommandContext } from './command.ts';

interface StatusOptions {
  readonly hostname?: string;
}

/** Prints the decoded status of a host's file copies as JSON, with and without `--json`. */
export async function status({ hostname }: StatusOptions, context: CommandContext): Promise<boolean> {
  const store = openStatusStore(context.remote, hostname ?? context.host, FILES_STATUS, context);
  const stored = await store.read();
  context.print(JSON.stringify(stored.status, undefined, 2));
  return true;
}
