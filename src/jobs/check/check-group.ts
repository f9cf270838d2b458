import { judgeCopy, refusal } from '../../catalogue/authenticate.ts';
import { nameOfKey, parseKey } from '../../copies/key.ts';
import { IntegrityError, ObjectNotFoundError } from '../../errors.ts';
import type { Examined } from '../../kinds/examination.ts';
import type { FoundCopy } from '../../kinds/found-copy.ts';
import type { RecordedCopy } from '../../kinds/kind.ts';
import type { Attributes } from '../../status/entries.ts';
import type { StatusFormat } from '../../status/status-format.ts';
import type { JobContext } from '../job-context.ts';
import { readCopy, readObject } from '../read-copy.ts';
import type { CheckedCopy, CheckedGroup, CheckOptions, Judgement } from './checked-copy.ts';
import { recordEntry, rehearseEntry } from './enter-copy.ts';

/**
 * Checks each copy, then looks for entries without an object. Copies that could not be entered are tried again when all
 * others have been: an incremental one needs its full copy in the status. Other runs go on meanwhile, so what seems to be
 * gone is looked at twice. Throws when the status cannot be read or written.
 */
export async function* checkGroup(
  group: CheckedGroup,
  options: CheckOptions,
  context: JobContext,
): AsyncGenerator<CheckedCopy> {
  const { store } = group;
  const { format } = store;
  const stored = await group.stored;
  const entries = new Map(format.entries(stored.status));
  const enter = options.underLock ? recordEntry(group, options.underLock, context) : rehearseEntry(group);
  const present = new Set(group.copies.map(({ object }) => format.keyOf(object.key)));
  const later: [FoundCopy, Examined<RecordedCopy>, unknown][] = [];
  for (const found of group.copies.filter((each) => group.isWanted(namesOf(each, format)))) {
    const entryKey = format.keyOf(found.object.key);
    const isExpired = stored.deletions.includes(found.object.key);
    let wasRead = false;
    const onRead = () => (wasRead = true);
    const seen = await look({ group, found, isExpired, onRead, attributes: entries.get(entryKey) }, context);
    if (seen.state === 'gone') present.delete(entryKey);
    else if (seen.state === 'whole') {
      const judgement = await enter(found, seen.examined);
      if (judgement?.state === 'unfit') later.push([found, seen.examined, seen.problem]);
      else if (judgement)
        yield {
          ...describe(found, wasRead),
          ...judgement,
          ...(seen.problem === undefined ? {} : { problem: seen.problem }),
        };
    } else yield { ...describe(found, wasRead), ...seen };
  }
  for (const [found, examined, problem] of later) {
    const judgement = await enter(found, examined);
    if (judgement)
      yield { ...describe(found, true), ...judgement, ...(problem === undefined ? {} : { problem }) };
  }
  yield* await findMissing(group, entries, present, context);
}

type Look =
  | Judgement
  | { readonly state: 'whole'; readonly examined: Examined<RecordedCopy>; readonly problem: unknown }
  /** A run has removed it since the copies were listed. */
  | { readonly state: 'gone' };

interface Known {
  readonly group: CheckedGroup;
  readonly found: FoundCopy;
  /** What the status says of it; undefined when it does not list it. */
  readonly attributes: Attributes | undefined;
  readonly isExpired: boolean;
  /** Called before its bytes are read. */
  readonly onRead: () => void;
}

async function look(
  { group, found, attributes, isExpired, onRead }: Known,
  context: JobContext,
): Promise<Look> {
  if (attributes === undefined && isExpired) return { state: 'expired' };
  const { kind, surroundings, store } = group;
  try {
    // As the Python tool left them, also with an entry, where a program in its pipe had failed.
    if (found.object.size === 0) throw new IntegrityError('it is empty');
    const verdict = judgeCopy(found, store.format, { attributes }, context);
    const problem = verdict.kind === 'refused' ? refusal(verdict, 'it') : undefined;
    if (attributes === undefined) {
      onRead();
      return { state: 'whole', examined: await examine(group, found, context), problem };
    }
    if (verdict.kind === 'refused') return { state: verdict.isChanged ? 'forged' : 'unsigned', problem };
    const { size, sha256 } = attributes;
    if (typeof size === 'number' && size !== found.object.size) {
      throw new IntegrityError(`it has ${found.object.size} bytes, the status says ${size}`);
    }
    const isRead = group.isRead(found);
    if (isRead) onRead();
    if (isRead && typeof sha256 === 'string') await readObject(found, { sha256 }, context);
    else if (isRead) await examine(group, found, context);
    const lack = kind.findLack?.(attributes, surroundings.isThere);
    return lack === undefined ? { state: 'listed' } : { state: 'orphaned', problem: lack };
  } catch (problem) {
    context.signal.throwIfAborted();
    return problem instanceof ObjectNotFoundError ? { state: 'gone' } : { state: 'unreadable', problem };
  }
}

/** Reads a copy to its end; throws when it is not complete. */
async function examine(
  { kind, surroundings }: CheckedGroup,
  found: FoundCopy,
  context: JobContext,
): Promise<Examined<RecordedCopy>> {
  const examination = await kind.examine(found, surroundings);
  const examined = await examination.describe(
    await readCopy(found, { size: found.object.size }, examination.stages, context),
  );
  // What is in the way in another place counts only when it is needed; a signal ends everything.
  context.signal.throwIfAborted();
  return examined;
}

function describe(
  { place, location, parsed, object }: FoundCopy,
  wasRead: boolean,
): Omit<CheckedCopy, 'state'> {
  return { place, location, parsed, key: object.key, size: object.size, wasRead };
}

/** All that the operator may call a copy. */
function namesOf({ location, object, parsed }: FoundCopy, format: StatusFormat): string[] {
  const key = format.keyOf(object.key);
  return [location, object.key, parsed.name, key, nameOfKey(key)];
}

/** Entries whose objects are not there, and were not when the status was read once more. */
async function findMissing(
  { host, store, isWanted }: CheckedGroup,
  entries: ReadonlyMap<string, Attributes>,
  present: ReadonlySet<string>,
  { signal }: Pick<JobContext, 'signal'>,
): Promise<CheckedCopy[]> {
  const { destination, status, format, role: place } = store;
  const suspects = [...entries].flatMap(([key, { sha256 }]): CheckedCopy[] => {
    const parsed = parseKey(key);
    const location = destination.locate(key);
    if (parsed === undefined || present.has(key) || !isWanted([location, key, parsed.name])) return [];
    // Below keep_local_path the Python tool lists what lies on the destination, also what does not lie here.
    if (place === 'local' && typeof sha256 !== 'string') return [];
    return [{ place, location, parsed, key, size: undefined, wasRead: false, state: 'missing' }];
  });
  if (suspects.length === 0) return [];
  const listed = new Map(format.entries((await status.read()).status));
  const there = new Set<string>();
  for await (const object of destination.list(`${host}/`, () => {})) there.add(format.keyOf(object.key));
  const absent: CheckedCopy[] = [];
  for (const suspect of suspects.filter(({ key }) => listed.has(key) && !there.has(key))) {
    const judgement = await confirmAbsence(suspect, store);
    signal.throwIfAborted();
    if (judgement) absent.push({ ...suspect, ...judgement });
  }
  return absent;
}

/** A listing leaves out what is in folders that this account may not enter: such a copy is not known to be missing. */
async function confirmAbsence(
  { key }: CheckedCopy,
  { destination }: CheckedGroup['store'],
): Promise<Judgement | undefined> {
  try {
    return (await destination.stat(key)) ? undefined : { state: 'missing' };
  } catch (problem) {
    return { state: 'unreadable', problem };
  }
}
