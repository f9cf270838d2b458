import type { BinlogCopy } from '../../copies/binlog-copy.ts';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { asOneLine } from '../../foreign-text.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import { openKind } from '../../kinds/kinds.ts';
import { findBaseOfLogs } from '../../retention/base-of-logs.ts';
import { tellApart } from '../../retention/own-copies.ts';
import type { JobContext } from '../job-context.ts';
import type { CopyPlace } from '../record/record-copy.ts';
import { findGaps } from './find-gaps.ts';
import { type HeldCopies, type HeldCopy, listHeld } from './held-copies.ts';
import { findContinuing, findObstacles, isAmong } from './obstacles.ts';
import { selectCopies } from './select-copies.ts';

/** What is to be deleted. */
export interface Selection {
  /** What `ls` prints, keys, or names. */
  readonly wanted: readonly string[];
  /** Also the incremental copies that continue those. */
  readonly withIncrementals: boolean;
  /** Whose copies they are. */
  readonly host: string;
  /** The operator has named the host: also what another machine of that name has made. */
  readonly isNamed: boolean;
}

/** What would be deleted, and what follows from that. */
export interface Deletion {
  readonly held: HeldCopies;
  /** In each place that has them. */
  readonly copies: readonly HeldCopy[];
  readonly warnings: readonly string[];
}

/** Finds what is to be deleted, and changes nothing. Throws a TwinDbError with all the reasons for which it must not be. */
export async function planDeletion(selection: Selection, context: JobContext): Promise<Deletion> {
  const { wanted, withIncrementals, host, isNamed } = selection;
  const held = await listHeld(host, context);
  const named = selectCopies(wanted, host, held, context);
  const copies = withIncrementals ? [...named, ...findContinuing(named, held.copies)] : named;
  const obstacles = [
    ...refuseAppendOnly(copies),
    ...findObstacles(copies, held.copies),
    ...(isNamed ? [] : await findOthers(copies, context)),
  ];
  if (obstacles.length > 0) throw refused(obstacles);
  const warnings = [...findEmptied(held, copies), ...(await findWarnings(held, copies))];
  return { held, copies, warnings };
}

/** The error for copies that must not be deleted. */
export function refused(obstacles: readonly string[]): TwinDbError {
  const [only, ...more] = obstacles;
  const lines = more.length === 0 ? ` ${only}` : obstacles.map((line) => `\n  ${line}`).join('');
  return new TwinDbError(`Nothing was deleted:${lines}`, { hasLines: true });
}

function refuseAppendOnly(copies: readonly HeldCopy[]): string[] {
  const { place, location } = copies.find((copy) => copy.place.appendOnly) ?? {};
  if (place === undefined) return [];
  return [
    `${quoteLocation(location ?? '')} is where [retention] remote=off lets nothing be deleted from this machine. ` +
      'Delete it with an account that may, as that of the storage; or set remote=on for this command',
  ];
}

/** Copies of another machine that is backed up under the same host name. */
async function findOthers(copies: readonly HeldCopy[], { machineId, host }: JobContext): Promise<string[]> {
  const lines: string[] = [];
  for (const place of placesOf(copies)) {
    const kind = await openKind(place.format.kind);
    const { others } = tellApart(kind.copies((await place.status.read()).status), { machineId: machineId() });
    const theirs = new Set(others.map(({ key }) => key));
    for (const { key, location } of copiesIn(place, copies)) {
      if (theirs.has(key))
        lines.push(
          `${quoteLocation(location)} is of another machine of this name. If it is meant, give --hostname ${host}`,
        );
    }
  }
  return lines;
}

/** What the destination has no listed copy of any more. Retention always leaves one. */
function findEmptied({ copies: all }: HeldCopies, copies: readonly HeldCopy[]): string[] {
  const sourcesOf = (each: readonly HeldCopy[]) =>
    new Set(
      each.flatMap(({ place: { role, format }, attributes }) => {
        if (role !== 'destination' || attributes === undefined || format.kind === 'binlog') return [];
        return [format.kind === 'mysql' ? 'the server' : String(attributes['source_path'])];
      }),
    );
  const left = sourcesOf(all.filter((copy) => !isAmong(copy, copies)));
  return [...sourcesOf(copies)]
    .filter((source) => !left.has(source))
    .map((source) => `The destination would have no copy of ${quoteLocation(source)} any more`);
}

/** What recovery to a moment loses by the deletion. */
async function findWarnings({ places }: HeldCopies, copies: readonly HeldCopy[]): Promise<string[]> {
  const { mysql, binlog } = places;
  const [data, logs] = [mysql.destination, binlog.destination].map(
    (place) => new Set(copiesIn(place, copies).map(({ key }) => key)),
  );
  if (!data?.size && !logs?.size) return [];
  const listed = BINLOG.copies((await binlog.destination.status.read()).status);
  const gaps = findGaps(listed, logs ?? new Set()).map(
    ({ before, after }) =>
      `Without the binary logs between ${before} and ${after}, no copy from before them can be brought to a moment after them`,
  );
  return [...gaps, ...(await findLostBase(mysql.destination, data ?? new Set(), listed))].map(asOneLine);
}

/** The copy that retention keeps for the oldest logs, if it is among those that are to be deleted. */
async function findLostBase(
  { status, destination }: CopyPlace,
  deleted: ReadonlySet<string>,
  logs: readonly BinlogCopy[],
): Promise<string[]> {
  if (deleted.size === 0) return [];
  const { MYSQL } = await import('../../kinds/mysql.ts');
  const base = findBaseOfLogs(MYSQL.copies((await status.read()).status), logs);
  if (base === undefined || !deleted.has(base.key)) return [];
  return [
    `Without ${quoteLocation(destination.locate(base.key))}, the oldest binary logs can be replayed on no copy`,
  ];
}

/** The places that copies are in, keep_local_path before the destination: what is in there may continue what the destination has. */
export function placesOf(copies: readonly HeldCopy[]): CopyPlace[] {
  const places = [...new Set(copies.map(({ place }) => place))];
  return places.toSorted((a, b) => Number(a.role === 'destination') - Number(b.role === 'destination'));
}

/** Those of the copies that are in a place. */
export function copiesIn(place: CopyPlace, copies: readonly HeldCopy[]): HeldCopy[] {
  return copies.filter((copy) => copy.place === place);
}
