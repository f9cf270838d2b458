import type { Media } from '../copies/key.ts';
import { UsageError } from '../errors.ts';
import { openKind } from '../kinds/kinds.ts';
import { openStatusStore } from '../status/status-store.ts';
import type { CommandContext } from './command.ts';

interface StatusOptions {
  /** By default that of MySQL. */
  readonly type?: Media;
  readonly hostname?: string;
  /** A host at a glance, instead of one status. */
  readonly summary?: boolean;
  readonly json?: boolean;
}

/** Prints the decoded status of a host's copies as JSON, with and without `--json`, or a summary of all its statuses. */
export async function status(
  { type, hostname, summary = false, json = false }: StatusOptions,
  context: CommandContext,
): Promise<boolean> {
  const host = hostname ?? context.host;
  if (summary) {
    if (type !== undefined) throw new UsageError('--summary is of all types; leave out --type');
    const { printSummary } = await import('./host-summary.ts');
    return await printSummary(host, json, context);
  }
  const { formats } = await openKind(type ?? 'mysql');
  const store = openStatusStore(context.destination, host, formats.destination, context);
  context.print(JSON.stringify((await store.read()).status, undefined, 2));
  return true;
}
