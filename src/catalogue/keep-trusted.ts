import { describeError, type UnauthenticatedError } from '../errors.ts';
import type { Log } from '../log.ts';
import { refusal } from './authenticate.ts';
import type { KnownCopy, Lookup } from './catalogue.ts';

/**
 * The candidates that may be used, those that are proven first. Without encryption both places hold the same bytes, so an entry in one that
 * is signed speaks for the object of the other as well. What is refused is warned of; when nothing else is left, its
 * UnauthenticatedError is thrown.
 */
export function keepTrusted<C extends { readonly sha256: string | undefined }>(
  candidates: readonly KnownCopy<C>[],
  { log }: { readonly log: Pick<Log, 'warn'> },
): KnownCopy<C>[] {
  const judged = candidates.map((each) => ({ ...each, lookup: bestLookup(each, candidates) }));
  const refused = judged.flatMap(({ location, lookup: { verdict } }): UnauthenticatedError[] =>
    verdict.kind === 'refused' ? [refusal(verdict, location)] : [],
  );
  const trusted = judged.filter(({ lookup: { verdict } }) => verdict.kind !== 'refused');
  if (trusted.length === 0 && refused[0]) throw refused[0];
  for (const error of refused) log.warn(`${describeError(error)}\nThe copy in the other place is used`);
  return trusted.toSorted((a, b) => Number(isProven(b)) - Number(isProven(a)));
}

/** What the first status that lists a copy, and may be believed, says of it; undefined when none does. */
export function recordOf<C>(candidates: readonly KnownCopy<C>[]): C | undefined {
  const listed = candidates.find(
    ({ lookup: { record, verdict } }) => record !== undefined && verdict.kind !== 'refused',
  );
  return listed?.lookup.record;
}

function isProven<C>({ lookup }: KnownCopy<C>): boolean {
  return lookup.verdict.kind === 'authentic';
}

/** The object's own, unless only that of its twin is proven, or only its twin's has a checksum. */
function bestLookup<C extends { readonly sha256: string | undefined }>(
  own: KnownCopy<C>,
  candidates: readonly KnownCopy<C>[],
): Lookup<C> {
  const rank = ({ verdict, record }: Lookup<C>): number =>
    (verdict.kind === 'refused' ? 0 : verdict.kind === 'unproven' ? 2 : 4) +
    Number(record?.sha256 !== undefined);
  // What is refused is a finding, whatever another place says; but that nothing is known can be made good.
  const isOpen = own.lookup.verdict.kind !== 'refused' || own.lookup.record?.sha256 === undefined;
  const twins = candidates.filter(({ object }) => isOpen && object.key === own.object.key);
  return [own, ...twins].map(({ lookup }) => lookup).toSorted((a, b) => rank(b) - rank(a))[0] ?? own.lookup;
}
