import type { Media } from '../copies/key.ts';
import { openKind } from '../kinds/kinds.ts';
import { openStatusStore } from '../status/status-store.ts';
import type { CommandContext } from './command.ts';

interface StatusOptions {
  readonly type: Media;
  readonly hostname?: string;
}

/** Prints the decoded status of a host's copies as JSON, with and without `--json`. */
export async function status({ type, hostname }: StatusOptions, context: CommandContext): Promise<boolean> {
  const { formats } = await openKind(type);
  const store = openStatusStore(context.destination, hostname ?? context.host, formats.destination, context);
  context.print(JSON.stringify((await store.read()).status, undefined, 2));
  return true;
}
