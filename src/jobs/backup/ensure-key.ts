import { describeError } from '../../errors.ts';
import { withoutKeys } from '../../integrity/integrity.ts';
import type { Keyring } from '../../integrity/keyring.ts';
import { hasSigned, signAll } from '../../status/sign-entry.ts';
import type { StoredStatus } from '../../status/status-store.ts';
import { toSeconds } from '../../units.ts';
import type { JobContext } from '../job-context.ts';
import type { PlacesOfKinds } from '../record/open-places.ts';
import { type CopyPlace, listPlaces } from '../record/record-copy.ts';

/** The lasting state that is warned of. */
const STATE = 'integrity key';

/** How far a clock may be behind the one that dated an entry, in seconds. */
const CLOCK_TOLERANCE = 24 * 3600;

/**
 * The context of a run whose keys may be unusable: then the copies are made all the same, without a signature, and `onProblem` gets
 * the ConfigError.
 */
export function withUsableKeys(context: JobContext, onProblem: (error: unknown) => void): JobContext {
  try {
    context.integrity.keys();
    return context;
  } catch (error) {
    onProblem(error);
    return { ...context, integrity: withoutKeys(context.integrity) };
  }
}

/**
 * Makes the key of this machine in the first run that finds none, and signs what the statuses list by then: it was made before
 * anybody could know of a key, and is as good as it was. Where anything is signed already, by the key of an earlier installation,
 * nothing is: what is not signed beside it may be somebody else's. While a status cannot be read no key is made, as its copies
 * would never be signed.
 */
export async function ensureKey(places: PlacesOfKinds, context: JobContext): Promise<void> {
  const { integrity, now, signal, warnLasting } = context;
  const known = integrity.keys();
  if (known !== undefined) {
    warnOfKey(known, context);
    return;
  }
  let old: OldCopies[];
  try {
    old = await readAll(places, context);
  } catch (error) {
    signal.throwIfAborted();
    warnLasting(
      STATE,
      `No key is made, and copies are not signed, while a status cannot be read: ${describeError(error)}`,
    );
    return;
  }
  const early = old.reduce((sum, each) => sum + each.future, 0);
  if (early > 0) {
    warnLasting(
      STATE,
      `No key is made, and copies are not signed, while entries in the status are dated in the future (${early}): they could not be signed later\n` +
        'Compare the clock of this machine with another one. If it is right, those copies were dated by one that was not: delete them.',
    );
    return;
  }
  let made: Keyring;
  try {
    made = integrity.makeKey(now());
  } catch (error) {
    warnLasting(
      STATE,
      `Copies are not signed, so that one that somebody changes is not noticed: ${describeError(error)}\n` +
        'Name a file that this user can make as [integrity] key_file.',
    );
    return;
  }
  await signOld(old, made, context);
}

/** A date in the future would make every copy one from before the key. */
function warnOfKey(
  { file, since, problem }: Keyring,
  { now, warnLasting }: Pick<JobContext, 'now' | 'warnLasting'>,
): void {
  if (problem !== undefined) warnLasting(STATE, problem);
  if (since > toSeconds(now()) + CLOCK_TOLERANCE) {
    warnLasting(
      `${STATE} dated`,
      `The oldest key in ${file} is dated in the future: copies that are not signed are taken for older ones\n` +
        'Compare the clock with another one. When it is right, change the time in the ID of the key; copies keep the old ID and need that line too.',
    );
  }
}

/** The entries of one status, which `sign` signs. */
interface OldCopies {
  /** Those of this host, which are to be signed. */
  readonly count: number;
  /** Those of this host that are dated in the future. */
  readonly future: number;
  readonly isSigned: boolean;
  readonly sign: (keyring: Keyring) => Promise<void>;
}

/** One after the other: all at once they would be too many listeners for one signal. */
async function readAll(places: PlacesOfKinds, context: JobContext): Promise<OldCopies[]> {
  const old: OldCopies[] = [];
  for (const place of Object.values(places).flatMap(listPlaces)) old.push(await readOne(place, context));
  return old;
}

async function readOne(
  { status, format }: CopyPlace,
  { host, now }: Pick<JobContext, 'host' | 'now'>,
): Promise<OldCopies> {
  const stored: StoredStatus = await status.read();
  // What stands in the status of this host and is of another one was put there.
  const isOurs = (key: string) => key.startsWith(`${host}/`);
  const ours = format.entries(stored.status).filter(([key]) => isOurs(key));
  const limit = toSeconds(now()) + CLOCK_TOLERANCE;
  const count = ours.length;
  return {
    count,
    future: ours.filter(([, attributes]) => (format.timeOf(attributes) ?? 0) > limit).length,
    isSigned: hasSigned(format, stored.status),
    async sign(keyring) {
      if (count === 0) return;
      await status.change((current) => ({
        ...current,
        status: signAll(format, current.status, isOurs, keyring),
      }));
    },
  };
}

async function signOld(old: readonly OldCopies[], keyring: Keyring, context: JobContext): Promise<void> {
  const { log, signal, warnLasting } = context;
  const { file } = keyring;
  const count = old.reduce((sum, each) => sum + each.count, 0);
  const made = `Made the key ${file}, which signs the entries of copies in the status`;
  const keep =
    'Keep a copy of the file elsewhere: with it a restore notices when somebody has changed a copy.';
  if (count === 0) {
    log.info(`${made}\n${keep}`);
    return;
  }
  if (old.some(({ isSigned }) => isSigned)) {
    warnLasting(
      STATE,
      `${made}. Those that are there are signed with another one\n` +
        `If this machine was installed anew, or has another configuration with a key of its own, add the line of that key to the file. ${keep}`,
    );
    return;
  }
  try {
    for (const { sign } of old) await sign(keyring);
    log.warn(`${made}, and signed the ${count === 1 ? 'one that was' : `${count} that were`} there\n${keep}`);
  } catch (error) {
    signal.throwIfAborted();
    log.warn(
      `${made}. Those that are there could not all be signed: ${describeError(error)}\n` +
        `They count as older than the key: a restore warns of them, and works. ${keep}`,
    );
  }
}
