import type { Destination } from '../destinations/destination.ts';
import { readSmallObject, writeSmallObject } from '../destinations/small-object.ts';
import { ObjectNotFoundError } from '../errors.ts';
import type { Log } from '../log.ts';
import { decodeEnvelope, encodeEnvelope, StatusDamagedError } from './envelope.ts';
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
  /**
   * Gives the second copy this content after a `write` that failed between the two: it must not order what the first one knows
   * nothing of. Does nothing when the second copy was not touched.
   */
  putBack(stored: StoredStatus<S>): Promise<void>;
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
  let isHalfWritten = false;
  const writeSecond = async (
    { status, deletions, told }: StoredStatus<S>,
    { signal, requireLock }: StatusWriting,
  ): Promise<void> => {
    const extra = { deletions, ...(told && { told }) };
    signal.throwIfAborted();
    requireLock?.();
    isHalfWritten = true;
    await writeSmallObject(destination, secondKey, encodeEnvelope(format.serialise(status), extra), signal);
  };
  return {
    async read() {
      const [first, second] = await Promise.all(
        [key, secondKey].map((each) => tryRead(destination, each, format)),
      );
      const chosen = choose(format, first, second, (problem) =>
        tell(`${destination.locate(key)} ${problem}; its second copy is used`),
      );
      if (second instanceof StatusDamagedError && !(chosen instanceof StatusDamagedError)) {
        tell(
          `${destination.locate(secondKey)} is damaged: ${second.message}; the next backup writes it anew`,
        );
      }
      if (chosen instanceof StatusDamagedError) throw bothDamaged(destination, key, secondKey, chosen);
      if (chosen !== second || chosen.deletions.length === 0) return chosen;
      // The run that wrote it may have ended before its copy was safe, and removed it again.
      const objects = new Set<string>();
      for await (const object of destination.list(`${host}/`)) objects.add(object.key);
      if (format.hasObjects(chosen.status, objects)) return chosen;
      tell(
        `${destination.locate(secondKey)} lists copies that are missing, so what it says is expired is not removed; twindb-backup check shows both`,
      );
      return { ...chosen, deletions: [] };
    },
    async write(stored, writing = context) {
      await writeSecond(stored, writing);
      writing.signal.throwIfAborted();
      writing.requireLock?.();
      const first = encodeEnvelope(format.serialise(stored.status));
      await writeSmallObject(destination, key, first, writing.signal);
      isHalfWritten = false;
    },
    async putBack(stored) {
      if (isHalfWritten) await writeSecond(stored, context);
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
    const { content, extra } = decodeEnvelope(await readSmallObject(destination, key));
    return {
      status: format.parse(content),
      deletions: parseDeletions(extra['deletions']),
      ...(extra['told'] === undefined ? {} : { told: parseToldWarnings(extra['told']) }),
    };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    if (error instanceof StatusDamagedError) return error;
    throw error;
  }
}

function parseDeletions(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((key) => typeof key === 'string') : [];
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
