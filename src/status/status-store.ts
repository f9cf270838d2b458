import { setTimeout as sleep } from 'node:timers/promises';
import { quoteLocation } from '../copies/quote-location.ts';
import { ObjectTooLargeError } from '../destinations/collect.ts';
import type { Destination, Version, WriteOptions } from '../destinations/destination.ts';
import { readSmallObject, writeSmallObject } from '../destinations/small-object.ts';
import { ConflictError, describeError, ObjectNotFoundError, TwinDbError } from '../errors.ts';
import type { Log } from '../log.ts';
import { formatBytes } from '../units.ts';
import type { Status } from './entries.ts';
import { decodeEnvelope, encodeEnvelope, StatusDamagedError } from './envelope.ts';
import { shorten, withoutFalseKeys } from './false-keys.ts';
import { MAX_STATUS_BYTES } from './json-limits.ts';
import { rememberChanges } from './own-changes.ts';
import type { StatusFormat } from './status-format.ts';
import { parseToldWarnings, type ToldWarnings } from './told-warnings.ts';

/** A status and the deletions that were decided but may not have been carried out. */
export interface StoredStatus {
  readonly status: Status;
  /** Objects of copies that no longer stand in the status; they are to be deleted. */
  readonly deletions: readonly string[];
  /** Warnings of lasting states that were given; absent: none. */
  readonly told?: ToldWarnings;
}

/** One status file of a host on a destination, with its second copy. */
export interface StatusStore {
  /**
   * An absent file is an empty status. While a lock is held the files are read once, as nothing else writes them meanwhile. Throws a
   * StatusDamagedError when neither copy can be read.
   */
  read(): Promise<StoredStatus>;
  /**
   * Replaces both copies by what `apply` makes of them; undefined: nothing. Where another run has written meanwhile it is asked once more, with what that
   * run wrote: the last one must not take the entries of the other away. Throws, and writes nothing more, when the run was ended or has
   * lost its lock; `writing` says so for a lock that was acquired after the store was opened.
   */
  change(apply: StatusChange, writing?: StatusWriting): Promise<void>;
  /** Reads back what this run has changed, and changes it again where another run has written what was there before. */
  confirm(): Promise<void>;
  /** Which of the two lists the copy that an object holds, the first before the second; undefined: neither that can be read. */
  whichLists(objectKey: string): Promise<'first' | 'second' | undefined>;
}

/** What a status becomes; it may be asked again. */
export type StatusChange = (
  stored: StoredStatus,
) => StoredStatus | undefined | Promise<StoredStatus | undefined>;

/** What a write heeds. */
export interface StatusWriting {
  readonly signal: AbortSignal;
  /** Throws when the lock has been lost: another run may have written meanwhile. Absent where no lock is held. */
  readonly requireLock?: () => void;
}

type ReadResult = StoredStatus | StatusDamagedError | undefined;

/** Which version of each file was read; undefined: there was none. */
interface Versions {
  readonly first: Version | undefined;
  readonly second: Version | undefined;
}

/** How often other runs may get in the way of a change before it is an error. */
const MOST_TRIES = 20;

/** After so many a version counts no more: there are file systems that call the same file by another one each time. */
const MOST_CONFLICTS = 5;

/** Milliseconds in which a run that has written the second copy usually writes the first. */
const BETWEEN_WRITES_MS = 1000;

/** How often it is looked whether such a run goes on. */
const MOST_LOOKS = 5;

/** Milliseconds by which two runs get out of each other's way, at random, longer with each try. */
const STEP_ASIDE_MS = 20;

/**
 * The second copy is written first: it alone holds the deletions, because the first one has the form that the Python
 * tool reads. A crash in between leaves deletions of keys that the first copy still lists; they are not carried out.
 */
export function openStatusStore(
  destination: Destination,
  host: string,
  format: StatusFormat,
  context: StatusWriting & { readonly log: Log },
): StatusStore {
  const key = `${host}/${format.name}`;
  const secondKey = `${key}.copy`;
  const said = new Set<string>();
  const own = rememberChanges(format);
  let versions: Versions = { first: undefined, second: undefined };
  /** The second copy as it was read or written last, `undefined` for none; absent: not known yet. */
  let before: { readonly text: string | undefined } | undefined;
  /** What the two files hold, while a lock keeps other runs from them; absent: they are to be read. */
  let held: [ReadResult, ReadResult] | undefined;
  /** A run reads its status several times. */
  const tell = (message: string): void => {
    if (!said.has(message)) context.log.warn(message);
    said.add(message);
  };
  const readOnce = async (): Promise<[ReadResult, ReadResult]> => {
    const found: { -readonly [K in keyof Versions]: Versions[K] } = { first: undefined, second: undefined };
    const [first, second] = await Promise.all([
      tryReadText(destination, key, (version) => (found.first = version)),
      tryReadText(destination, secondKey, (version) => (found.second = version)),
    ]);
    versions = found;
    before = typeof second === 'object' ? undefined : { text: second };
    return [parse(first, format), parse(second, format)];
  };
  /** A run that has no lock in common with this one may be between its two writes: that is not told, so it is waited for. */
  const readBoth = async (): Promise<[ReadResult, ReadResult]> => {
    for (let looks = 1; ; looks++) {
      const seen = versions;
      const [first, second] = await readOnce();
      const isBetween = isUsable(second) && (!isUsable(first) || isOlder(first, second, format));
      const isAtRest = looks > 1 && seen.first === versions.first && seen.second === versions.second;
      if (!isBetween || isAtRest || context.requireLock === undefined || looks === MOST_LOOKS) {
        return [first, second];
      }
      await sleep(BETWEEN_WRITES_MS);
    }
  };
  /**
   * After a write that failed half-way the second copy would order deletions that the first knows nothing of: they would be
   * carried out if that were lost one day. Where it cannot be put back, the copy that was to be entered stays (`whichLists`).
   */
  const putSecondBack = async (written: string, mayWrite: () => void, signal: AbortSignal): Promise<void> => {
    if (before === undefined) return;
    try {
      mayWrite();
      // Another run may have replaced it meanwhile.
      if (!(await holds(secondKey, written))) return;
      if (before.text === undefined) await destination.delete(secondKey);
      else await writeSmallObject(destination, secondKey, before.text, signal);
    } catch (error) {
      // The failure that led here is the one to report.
      context.log.debug(`${destination.locate(secondKey)} could not be put back: ${describeError(error)}`);
    }
  };
  /** Whether a file has this text; false also when it cannot be read. */
  const holds = async (file: string, text: string): Promise<boolean> => {
    try {
      return (await tryReadText(destination, file)) === text;
    } catch {
      // Its write has failed, and that is reported.
      return false;
    }
  };
  /** What the second copy alone wants deleted is deleted only when all that it keeps is there: else it is no true picture. */
  const withSafeDeletions = async (stored: StoredStatus): Promise<StoredStatus> => {
    if (stored.deletions.length === 0) return stored;
    const present = new Set<string>();
    // What is in a folder that may not be entered is not known to be there, so nothing is deleted then either.
    for await (const object of destination.list(`${host}/`, () => {})) present.add(format.keyOf(object.key));
    // The Python tool lists below keep_local_path what lies on the destination only.
    const kept = format.entries(stored.status).filter(([, { sha256 }]) => typeof sha256 === 'string');
    const [missing] = kept.find(([each]) => !present.has(each)) ?? [];
    if (missing === undefined) return stored;
    tell(
      `${quoteLocation(destination.locate(secondKey))} lists ${quoteLocation(missing)}, which is not there or cannot be seen, so nothing is deleted on its word: what it wanted deleted stays\n` +
        'twindb-backup check shows what is there and what is not.',
    );
    return { ...stored, deletions: [] };
  };
  const read = async (): Promise<StoredStatus> => {
    if (!hasLock(context)) held = undefined;
    const [first, second] = held ?? (await readBoth());
    if (context.requireLock) held = [first, second];
    const chosen = choose(format, first, second, (problem) =>
      tell(`${quoteLocation(destination.locate(key))} ${problem}; its second copy is used`),
    );
    if (second instanceof StatusDamagedError && !(chosen instanceof StatusDamagedError)) {
      tell(
        `${quoteLocation(destination.locate(secondKey))} is damaged: ${second.message}; the next backup writes it anew`,
      );
    }
    if (chosen instanceof StatusDamagedError) throw bothDamaged(destination, key, secondKey, chosen);
    // Who holds no lock may have read them while a backup wrote them.
    if (context.requireLock && isOlder(first, second, format)) {
      tell(
        `${destination.locate(key)} is older than its second copy: a run was cut short, or somebody has put an old one back\n` +
          'What it does not list is kept; twindb-backup check shows it, and check --adopt enters it.',
      );
    }
    const { stored, dropped } = withoutFalseKeys(format, chosen);
    const [example] = dropped;
    if (example !== undefined) {
      tell(
        `${quoteLocation(destination.locate(key))} has keys that no object can have (${dropped.length}), such as ${shorten(example)}; they are ignored, and the next backup leaves them out`,
      );
    }
    return isUsable(first) ? stored : await withSafeDeletions(stored);
  };
  const isThere = async (entry: string): Promise<boolean> => {
    for await (const object of destination.list(entry)) if (format.keyOf(object.key) === entry) return true;
    return false;
  };
  const writeBoth = async (
    { status, deletions, told }: StoredStatus,
    known: Versions | undefined,
    { signal, requireLock }: StatusWriting,
  ): Promise<void> => {
    const content = format.serialise(status);
    const second = encodeEnvelope(content, { deletions, ...(told && { told }) });
    const mayWrite = (): void => {
      signal.throwIfAborted();
      requireLock?.();
    };
    const first = encodeEnvelope(content);
    // What cannot be read back must not take the place of what can.
    if (Math.max(first.length, second.length) > MAX_STATUS_BYTES) throw tooLarge(destination, key);
    const writeOne = async (file: string, text: string, version: Version | undefined): Promise<void> => {
      try {
        mayWrite();
        await writeSmallObject(destination, file, text, signal, known && replacing(version));
      } catch (error) {
        // The answer to the write may have been lost.
        if (await holds(file, text)) return;
        await putSecondBack(second, mayWrite, signal);
        throw error;
      }
    };
    mayWrite();
    // When this fails, only the files themselves say what they hold.
    held = undefined;
    await writeOne(secondKey, second, known?.second);
    await writeOne(key, first, known?.first);
  };
  const change: StatusStore['change'] = async (apply, writing = context) => {
    let wanted = apply;
    let refused: Versions | undefined;
    for (let tries = 1; ; tries++) {
      const found = await read();
      const stored = await own.complete(found, isThere);
      const next = (await wanted(stored)) ?? stored;
      if (next === found) return;
      const known = versions;
      // A server may call a version another one although it is the same.
      const isSame = refused?.first === known.first && refused?.second === known.second;
      const isForced = (refused !== undefined && isSame) || tries > MOST_CONFLICTS;
      try {
        await writeBoth(next, isForced ? undefined : known, writing);
        // What can be no key is left out when it is read back.
        own.note(stored, withoutFalseKeys(format, next).stored);
        // Read back: another run may have written at the same moment.
        wanted = () => undefined;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        context.log.debug(`Another run has written ${destination.locate(key)} meanwhile: it is read again`);
        refused = known;
      }
      held = undefined;
      if (tries === MOST_TRIES) throw contested(destination, key);
      if (tries > 1)
        await sleep(Math.random() * STEP_ASIDE_MS * tries, undefined, { signal: writing.signal });
    }
  };
  return {
    read,
    change,
    async confirm() {
      held = undefined;
      if (!own.isEmpty()) await change(() => undefined);
    },
    async whichLists(objectKey) {
      const [first, second] = await readBoth();
      const lists = (copy: ReadResult) => isUsable(copy) && format.ownsObject(copy.status, objectKey);
      if (lists(first)) return 'first';
      return lists(second) ? 'second' : undefined;
    },
  };
}

/** Whether other runs are still kept from the files. */
function hasLock({ requireLock }: StatusWriting): boolean {
  try {
    requireLock?.();
    return requireLock !== undefined;
  } catch {
    // The next write says so.
    return false;
  }
}

function choose(
  format: StatusFormat,
  first: ReadResult,
  second: ReadResult,
  onSecond: (problem: string) => void,
): StoredStatus | StatusDamagedError {
  if (!isUsable(first)) {
    if (!isUsable(second)) return first ?? second ?? { status: format.empty, deletions: [] };
    onSecond(first === undefined ? 'is missing' : `is damaged: ${first.message}`);
    return second;
  }
  if (!isUsable(second)) return { status: first.status, deletions: [] };
  return {
    ...second,
    status: format.withExtraAttributes(first.status, second.status),
    deletions: second.deletions.filter((deleted) => !format.ownsObject(first.status, deleted)),
  };
}

function isUsable(read: ReadResult): read is StoredStatus {
  return read !== undefined && !(read instanceof StatusDamagedError);
}

/** Whether both can be read, and the newest of the copies is in the second only. */
function isOlder(first: ReadResult, second: ReadResult, format: StatusFormat): boolean {
  const newestIn = ({ status }: StoredStatus): number =>
    format
      .entries(status)
      .reduce((newest, [, attributes]) => Math.max(newest, format.timeOf(attributes) ?? 0), 0);
  return isUsable(first) && isUsable(second) && newestIn(second) > newestIn(first);
}

/** The text of a status file; undefined when it is absent, a StatusDamagedError when it is larger than one can be. */
async function tryReadText(
  destination: Destination,
  key: string,
  onVersion?: (version: Version) => void,
): Promise<string | StatusDamagedError | undefined> {
  try {
    return await readSmallObject(destination, key, MAX_STATUS_BYTES, onVersion && { onVersion });
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    if (error instanceof ObjectTooLargeError) return new StatusDamagedError(error.message, { cause: error });
    throw error;
  }
}

function parse(text: string | StatusDamagedError | undefined, format: StatusFormat): ReadResult {
  if (typeof text !== 'string') return text;
  try {
    const { content, extra } = decodeEnvelope(text);
    return {
      status: format.parse(content),
      deletions: parseDeletions(extra['deletions']),
      ...(extra['told'] === undefined ? {} : { told: parseToldWarnings(extra['told']) }),
    };
  } catch (error) {
    if (error instanceof StatusDamagedError) return error;
    throw error;
  }
}

function parseDeletions(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
}

/** What a write may replace: the version that was read, or nothing where nothing was. */
function replacing(version: Version | undefined): Pick<WriteOptions, 'claim' | 'replaces'> {
  if (version !== undefined) return { replaces: version };
  return { claim: { next: () => undefined, claimed: () => undefined } };
}

function contested(destination: Destination, key: string): TwinDbError {
  return new TwinDbError(
    `Cannot write the status ${destination.locate(key)}: other runs have written it ${MOST_TRIES} times meanwhile`,
    { remedy: 'Let the runs of one host share a lock: see --lock-file.' },
  );
}

function tooLarge(destination: Destination, key: string): TwinDbError {
  return new TwinDbError(
    `Cannot write the status ${destination.locate(key)}: it would have more than ${formatBytes(MAX_STATUS_BYTES)}`,
    {
      remedy:
        'Keep fewer copies, or binary logs for fewer days; see [retention] and [mysql] expire_log_days.',
    },
  );
}

function bothDamaged(
  destination: Destination,
  key: string,
  secondKey: string,
  cause: StatusDamagedError,
): StatusDamagedError {
  return new StatusDamagedError(
    `Neither the status ${destination.locate(key)} nor its second copy can be read`,
    {
      cause,
      remedy: [
        'The copies themselves are not affected: ls lists them, restore --accept-unauthenticated takes them.',
        `To begin a new status, move ${destination.locate(key)} and ${destination.locate(secondKey)} away;`,
        'copies that no status lists are never deleted, and twindb-backup check --adopt enters them again.',
      ].join(' '),
    },
  );
}
