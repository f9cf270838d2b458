import type { Media } from '../copies/key.ts';
import { describeError } from '../errors.ts';
import { findCopies } from '../jobs/list-copies.ts';
import { type MarkedCopy, markListed } from '../jobs/mark-listed.ts';
import type { CommandContext } from './command.ts';

interface LsOptions {
  readonly type?: Media;
  readonly json?: boolean;
}

/** Prints the copies of all hosts, one a line. Returns false when the destination or a status could not be read. */
export async function ls({ type, json }: LsOptions, context: CommandContext): Promise<boolean> {
  const found = await findCopies(context);
  if (found.failure !== undefined) context.log.error(describeError(found.failure));
  const wanted = found.copies.filter(({ parsed }) => type === undefined || parsed.media === type);
  const { copies, complete } = await markListed(wanted, context);
  if (json) context.print(JSON.stringify({ copies: copies.map(toJson) }, undefined, 2));
  else if (context.interactive) printForPeople(copies, context);
  else for (const { location } of copies) context.print(location);
  return complete && found.failure === undefined;
}

/** The documented shape of `ls --json`; see docs/usage.md. */
function toJson({ place, location, object, parsed, listed, attributes }: MarkedCopy): object {
  return {
    place,
    location,
    key: object.key,
    host: parsed.host,
    type: parsed.media,
    run_type: parsed.runType ?? null,
    name: parsed.name,
    size: object.size,
    modified: object.modified.toISOString(),
    listed: listed ?? null,
    status: attributes ?? null,
  };
}

function printForPeople(copies: readonly MarkedCopy[], { print, local, remote }: CommandContext): void {
  if (copies.length === 0) print(`There are no copies on ${remote.url} yet`);
  let heading = '';
  for (const { place, parsed, location, listed } of copies) {
    const current = `${parsed.media} on ${place === 'local' ? (local?.url ?? '') : remote.url}:`;
    if (current !== heading) print(current);
    heading = current;
    print(`  ${location}${listed === false ? '  (not in the status)' : ''}`);
  }
}
