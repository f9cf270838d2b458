import { quoteLocation } from '../copies/quote-location.ts';
import { canBeKey } from '../destinations/check-key.ts';
import { ObjectTooLargeError } from '../destinations/collect.ts';
import type { Destination } from '../destinations/destination.ts';
import { readSmallObject, writeSmallObject } from '../destinations/small-object.ts';
import { ObjectNotFoundError } from '../errors.ts';
import type { Log } from '../log.ts';
import { decodeEnvelope, encodeEnvelope, StatusDamagedError } from './envelope.ts';
import { MAX_STATUS_BYTES } from './json-limits.ts';
import type { PeriodicStatus } from './periodic-status.ts';
import type { StatusFormat } from './status-format.ts';
import { parseToldWarnings, type ToldWarnings } from './told-warnings.ts';

/** A status and the deletions that were decided but may not have been carried out. */
export interface StoredStatus<S = PeriodicStatus> {
  readonly status: S;
  /** Objects of copies that no longer stand in the status; they are to be deleted. */
  readonly deletions: readonly string[];
  /** Warnings of lasting states that were given; absent: none. */
  readonly told?: ToldWarnings;
}

/** One status file of a host on a destination, with its second copy. */
export interface StatusStore<S = PeriodicStatus> {
  /** An absent file is an empty status. Throws a StatusDamagedError when neither copy can be read. */
  read(): Promise<StoredStatus<S>>;
  /**
   * Replaces both copies. Throws, and writes nothing more, when the run was ended or has lost its lock; `writing` says so for a
   * lock that was acquired after the store was opened.
   */
  write(stored: StoredStatus<S>, writing?: StatusWriting): Promise<void>;
}

/** What a write heeds. */
export interface StatusWriting {
  readonly signal: AbortSignal;
  /** Throws when the lock has been lost: another run may have written meanwhile. Absent where no lock is held. */
  readonly requireLock?: () => void;
}

type ReadResult<S> = StoredStatus<S> | StatusDamagedError | undefined;

/**
 * The second copy is written first: it alone holds the deletions, because the first one has the form that the Python
 * tool reads. A crash in between leaves deletions of keys that the first copy still lists; they are not carried out.
 */
export function openStatusStore<S>(
  destination: Destination,
  host: string,
  format: StatusFormat<S>,
  context: StatusWriting & { readonly log: Log },
): StatusStore<S> {
  const key = `${host}/${format.name}`;
  const secondKey = `${key}.copy`;
  const said = new Set<string>();
  /** A run reads its status several times. */
  const tell = (message: string): void => {
    if (!said.has(message)) context.log.warn(message);
    said.add(message);
  };
  return {
    async read() {
      const [first, second] = await Promise.all(
        [key, secondKey].map((each) => tryRead(destination, each, format)),
      );
      const chosen = choose(format, first, second, (problem) =>
        tell(`${quoteLocation(destination.locate(key))} ${problem}; its second copy is used`),
      );
      if (second instanceof StatusDamagedError && !(chosen instanceof StatusDamagedError)) {
        tell(
          `${quoteLocation(destination.locate(secondKey))} is damaged: ${second.message}; the next backup writes it anew`,
        );
      }
      if (chosen instanceof StatusDamagedError) throw bothDamaged(destination, key, secondKey, chosen);
      const { stored, dropped } = withoutFalseKeys(format, chosen);
      const [example] = dropped;
      if (example !== undefined) {
        tell(
          `${quoteLocation(destination.locate(key))} has keys that no object can have (${dropped.length}), such as ${shorten(example)}; they are ignored, and the next backup leaves them out`,
        );
      }
      return stored;
    },
    async write({ status, deletions, told }, { signal, requireLock } = context) {
      const content = format.serialise(status);
      const second = encodeEnvelope(content, { deletions, ...(told && { told }) });
      for (const [each, envelope] of [
        [secondKey, second],
        [key, encodeEnvelope(content)],
      ] as const) {
        signal.throwIfAborted();
        requireLock?.();
        await writeSmallObject(destination, each, envelope, signal);
      }
    },
  };
}

function choose<S>(
  format: StatusFormat<S>,
  first: ReadResult<S>,
  second: ReadResult<S>,
  onSecond: (problem: string) => void,
): StoredStatus<S> | StatusDamagedError {
  const usableSecond = second instanceof StatusDamagedError ? undefined : second;
  if (first instanceof StatusDamagedError || first === undefined) {
    if (usableSecond === undefined) return first ?? second ?? { status: format.empty, deletions: [] };
    onSecond(first === undefined ? 'is missing' : `is damaged: ${first.message}`);
    return usableSecond;
  }
  if (usableSecond === undefined) return { status: first.status, deletions: [] };
  return {
    ...usableSecond,
    status: format.withExtraAttributes(first.status, usableSecond.status),
    deletions: usableSecond.deletions.filter((deleted) => !format.ownsObject(first.status, deleted)),
  };
}

async function tryRead<S>(
  destination: Destination,
  key: string,
  format: StatusFormat<S>,
): Promise<ReadResult<S>> {
  try {
    const { content, extra } = decodeEnvelope(await readSmallObject(destination, key, MAX_STATUS_BYTES));
    return {
      status: format.parse(content),
      deletions: parseDeletions(extra['deletions']),
      ...(extra['told'] === undefined ? {} : { told: parseToldWarnings(extra['told']) }),
    };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    if (error instanceof StatusDamagedError) return error;
    if (error instanceof ObjectTooLargeError) return new StatusDamagedError(error.message, { cause: error });
    throw error;
  }
}

function parseDeletions(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
}

/**
 * What is stored without what no object can be under: this tool has not written that. No destination would delete it, and each
 * run would fail by it again.
 */
function withoutFalseKeys<S>(
  format: StatusFormat<S>,
  stored: StoredStatus<S>,
): { readonly stored: StoredStatus<S>; readonly dropped: readonly string[] } {
  const falseKeys = format.keysOf(stored.status).filter((key) => !canBeKey(key));
  const deletions = stored.deletions.filter(canBeKey);
  const dropped = [...falseKeys, ...stored.deletions.filter((key) => !canBeKey(key))];
  if (dropped.length === 0) return { stored, dropped };
  return { stored: { ...stored, status: format.withoutKeys(stored.status, falseKeys), deletions }, dropped };
}

/** A false key as it is shown: quoted, and no longer than a line. */
function shorten(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
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
        'The copies themselves are not affected: ls lists them, restore works.',
        `To begin a new status, move ${destination.locate(key)} and ${destination.locate(secondKey)} away;`,
        'copies that no status lists are never deleted, and twindb-backup check --adopt enters them again.',
      ].join(' '),
    },
  );
}
