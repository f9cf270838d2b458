import { openCatalogue } from '../catalogue/catalogue.ts';
import { type MarkedCopy, markListed } from '../catalogue/mark-listed.ts';
import type { Media } from '../copies/key.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError } from '../errors.ts';
import type { Attributes } from '../status/entries.ts';
import { readNumber } from '../status/read-number.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import type { CommandContext } from './command.ts';
import { copyAsJson } from './copy-as-json.ts';

interface LsOptions extends Accepting {
  readonly type?: Media;
  readonly json?: boolean;
  readonly long?: boolean;
}

/**
 * Prints the copies of all hosts, one a line, or what is in a copy. Returns false when the destination or a status could not be read, or the
 * copy is not intact.
 */
export async function ls(
  copy: string | undefined,
  { type, json, long, ...accepting }: LsOptions,
  context: CommandContext,
): Promise<boolean> {
  if (copy !== undefined) {
    const { printContents } = await import('./print-contents.ts');
    return await printContents(copy, json === true, withAcceptance(context, accepting));
  }
  const catalogue = openCatalogue(context);
  const found = await catalogue.list();
  const wanted = found.copies.filter(({ parsed }) => type === undefined || parsed.media === type);
  const { copies, failures } = await markListed(wanted, catalogue);
  const missing = [...(found.failure === undefined ? [] : [found.failure]), ...failures];
  for (const failure of missing) context.log.error(describeError(failure));
  if (json) context.print(JSON.stringify({ copies: copies.map(toJson) }, undefined, 2));
  else {
    const lines = copies.map(long ? describeLong : ({ location }: MarkedCopy) => quoteLocation(location));
    if (context.interactive) printForPeople(copies, lines, context);
    else for (const line of lines) context.print(line);
  }
  return missing.length === 0;
}

/** The documented shape of `ls --json`; see docs/usage.md. */
function toJson({ object, listed, attributes, ...copy }: MarkedCopy): object {
  return {
    ...copyAsJson({ ...copy, key: object.key }),
    ...knownOf(attributes),
    size: object.size,
    modified: object.modified.toISOString(),
    listed: listed ?? null,
    status: attributes ?? null,
  };
}

interface Known {
  /** Of a MySQL copy. */
  readonly backup_type: string | null;
  readonly parent: string | null;
  readonly lsn: number | null;
  /** Seconds. */
  readonly duration: number | null;
  /** Of the machine that made it. */
  readonly machine_id: string | null;
}

/** What a status tells of a copy and a person wants to see; null where it does not. */
function knownOf(attributes: Attributes = {}): Known {
  const { type, parent, lsn, backup_started, backup_finished, machine_id } = attributes;
  const [started, finished] = [readNumber(backup_started), readNumber(backup_finished)];
  return {
    backup_type: text(type),
    parent: text(parent),
    lsn: readNumber(lsn) ?? null,
    duration: started === undefined || finished === undefined ? null : finished - started,
    machine_id: text(machine_id),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Type, bytes, seconds and LSN in columns, then the location, which may hold blanks, and the parent. */
function describeLong({ attributes, object, location }: MarkedCopy): string {
  const { backup_type, parent, lsn, duration } = knownOf(attributes);
  const columns = [
    quoteLocation(backup_type ?? '-').padEnd(11),
    String(object.size).padStart(15),
    (duration === null ? '-' : `${duration}s`).padStart(8),
    String(lsn ?? '-').padStart(16),
    quoteLocation(location),
  ];
  return [...columns, ...(parent === null ? [] : [`<- ${quoteLocation(parent)}`])].join(' ');
}

function printForPeople(
  copies: readonly MarkedCopy[],
  lines: readonly string[],
  { print, local, destination }: CommandContext,
): void {
  if (copies.length === 0) print(`There are no copies on ${destination.url} yet`);
  let heading = '';
  for (const [index, { place, parsed, listed }] of copies.entries()) {
    const current = `${parsed.media} on ${place === 'local' ? (local?.url ?? '') : destination.url}:`;
    if (current !== heading) print(current);
    heading = current;
    print(`  ${lines[index]}${listed === false ? '  (not in the status)' : ''}`);
  }
}
