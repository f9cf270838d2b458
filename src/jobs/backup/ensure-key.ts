import { describeError } from '../../errors.ts';
import type { Keyring } from '../../integrity/keyring.ts';
import { hasSigned, signAll } from '../../status/sign-entry.ts';
import type { JobContext } from '../job-context.ts';
import type { Places } from '../record/open-places.ts';
import type { CopyPlace, CopyPlaces } from '../record/record-copy.ts';

/** The lasting state that is warned of. */
const STATE = 'integrity key';

/**
 * Makes the key of this machine in the first run that finds none, and signs what the statuses list by then: it was made before
 * anybody could know of a key, and is as good as it was. Where anything is signed already, by the key of an earlier installation,
 * nothing is: what is not signed beside it may be somebody else's. Throws a ConfigError when there is a key file that cannot be used.
 */
export async function ensureKey(places: Places, context: JobContext): Promise<void> {
  const { integrity, log, now, warnLasting } = context;
  const known = integrity.keys();
  if (known?.problem !== undefined) warnLasting(STATE, known.problem);
  if (known !== undefined) return;
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
  await signOld(places, made, context);
  log.info(`Made the key ${made.file}, which signs what is backed up. Keep a copy of it elsewhere`);
}

async function signOld(
  { files, mysql, binlogs }: Places,
  keyring: Keyring,
  { log, signal }: JobContext,
): Promise<void> {
  const prepareAll = async <S>({ remote, local }: CopyPlaces<S>): Promise<OldCopies[]> => [
    await prepare(remote, keyring),
    ...(local === undefined ? [] : [await prepare(local, keyring)]),
  ];
  try {
    const old: OldCopies[] = [
      ...(await prepareAll(files)),
      ...(await prepareAll(mysql)),
      ...(await prepareAll(binlogs)),
    ];
    const count = old.reduce((sum, each) => sum + each.count, 0);
    if (count === 0) return;
    if (old.some(({ isSigned }) => isSigned)) {
      log.warn(
        `There was no key ${keyring.file}, so a new one was made; copies that are there are signed with another one.\n` +
          'If this machine was installed anew, add the line of the old key to the file.',
      );
      return;
    }
    for (const { write } of old) await write();
    log.warn(
      `Made the key ${keyring.file}, which signs what is backed up, and signed the entries of ${count} copies that were there.\n` +
        'Keep a copy of the file elsewhere: a machine that restores notices with it when somebody has changed a copy.',
    );
  } catch (error) {
    signal.throwIfAborted();
    log.warn(`The copies that are there could not be signed with the new key: ${describeError(error)}`);
  }
}

interface OldCopies {
  readonly count: number;
  readonly isSigned: boolean;
  /** Signs all of them. */
  readonly write: () => Promise<void>;
}

async function prepare<S>({ status, format }: CopyPlace<S>, keyring: Keyring): Promise<OldCopies> {
  const stored = await status.read();
  const count = format.entries(stored.status).length;
  return {
    count,
    isSigned: hasSigned(format, stored.status),
    async write() {
      if (count > 0) await status.write({ ...stored, status: signAll(format, stored.status, keyring) });
    },
  };
}
