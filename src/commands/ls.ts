import { openCatalogue } from '../catalogue/catalogue.ts';
import { type CopyFilter, chooseByKey, chooseCopies, prefixOf } from '../catalogue/choose-copies.ts';
import { type MarkedCopy, markListed } from '../catalogue/mark-listed.ts';
import { quoteLocation } from '../copies/quote-location.ts';
import { describeError, TwinDbError } from '../errors.ts';
import { showStep } from '../jobs/show-step.ts';
import { toSeconds } from '../units.ts';
import { type Accepting, withAcceptance } from './accept-unauthenticated.ts';
import type { CommandContext } from './command.ts';
import { copyAsJson } from './copy-as-json.ts';
import { knownOf } from './known-of-copy.ts';

interface LsOptions extends Accepting, CopyFilter {
  readonly json?: boolean;
  readonly long?: boolean;
  readonly coverage?: boolean;
}

/**
 * Prints the copies of all hosts, one a line, or what is in a copy. Returns false when the destination or a status could not be read, or the
 * copy is not intact.
 */
export async function ls(
  copy: string | undefined,
  options: LsOptions,
  context: CommandContext,
): Promise<boolean> {
  const { json = false, long = false, coverage = false, acceptUnauthenticated: _, ...filter } = options;
  if (coverage) {
    const { hostname, ...others } = filter;
    refuseBesideCoverage(copy, { ...others, ...(long && { long }) });
    const { printCoverage } = await import('./print-coverage.ts');
    return await printCoverage({ hostname, json }, withAcceptance(context, options));
  }
  if (copy !== undefined) {
    refuseFilter(filter);
    const { printContents } = await import('./print-contents.ts');
    return await printContents(copy, json, withAcceptance(context, options));
  }
  const catalogue = openCatalogue(context);
  const { found, marked } = await showStep(context, ['Listing', context.destination.url], async () => {
    const all = await catalogue.list(prefixOf(filter));
    return { found: all, marked: await markListed(chooseByKey(all.copies, filter), catalogue) };
  });
  const copies = chooseCopies(marked.copies, filter, context.now());
  const failures = [...(found.failure === undefined ? [] : [found.failure]), ...marked.failures];
  for (const failure of failures) context.log.error(describeError(failure));
  const isComplete = found.failure === undefined;
  if (json) context.print(JSON.stringify({ copies: copies.map(toJson) }, undefined, 2));
  else if (context.interactive) await printForPeople(copies, { long, filter, isComplete }, context);
  else for (const each of copies) context.print(long ? describeLong(each) : quoteLocation(each.location));
  return failures.length === 0;
}

/** Throws a TwinDbError when a copy or other options than `--hostname` and `--json` are given beside `--coverage`. */
function refuseBesideCoverage(copy: string | undefined, options: object): void {
  const [unused] = Object.keys(options);
  if (copy === undefined && unused === undefined) return;
  throw new TwinDbError(
    `--coverage is of all copies of a host, and ${copy === undefined ? `--${unused}` : 'a copy'} is given beside it`,
    { remedy: 'Leave out one of them.' },
  );
}

/** Throws a TwinDbError when options that choose among copies are given beside the name of one: they would have no effect. */
function refuseFilter(filter: CopyFilter): void {
  const [unused] = Object.entries(filter).filter(([, value]) => value !== undefined);
  if (unused === undefined) return;
  throw new TwinDbError(`--${unused[0]} chooses among copies, and a copy is named`, {
    remedy: `Leave out --${unused[0]}, or the copy.`,
  });
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

/** A table below the places, or that there is nothing. */
async function printForPeople(
  copies: readonly MarkedCopy[],
  {
    long,
    filter,
    isComplete,
  }: { readonly long: boolean; readonly filter: CopyFilter; readonly isComplete: boolean },
  { print, local, destination, columns, now }: CommandContext,
): Promise<void> {
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (copies.length > 0) {
    const { copiesTable } = await import('./copies-table.ts');
    print(`Copies on ${quoteLocation(destination.url)}:`);
    if (local !== undefined) print(`(LOCAL: kept in ${quoteLocation(local.url)} too)`);
    const options = { long, hasLocal: local !== undefined, isComplete, now: toSeconds(now()) };
    for (const line of copiesTable(copies, { ...options, ...(columns && { width: columns }) })) print(line);
  } else if (isComplete) {
    print(
      isFiltered
        ? `No copy on ${destination.url} is what was asked for; twindb-backup ls lists all of them`
        : `There are no copies on ${destination.url} yet`,
    );
  }
}
