import { access, constants, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, TwinDbError } from '../errors.ts';
import { newPartialName } from '../lock/owner.ts';
import { findAbandoned } from '../lock/scratch-folder.ts';
import { captureOutput } from '../process/capture.ts';

/**
 * The agent's socket lies in the GnuPG home, and the path of a socket may have 107 characters (unix(7)), of which
 * `/S.gpg-agent.browser` takes the last 20.
 */
const MAX_HOMEDIR_LENGTH = 87;

/** A home's name: this, then who made it. */
const PREFIX = 'twindb-gpg-';

/** Makes an empty GnuPG home that only we can read and returns its path. Throws a TwinDbError when that fails. */
export async function makeHome(): Promise<string> {
  const name = `${PREFIX}${newPartialName()}`;
  const homedir = join(await chooseFolder(name.length), name);
  try {
    await mkdir(homedir, { mode: 0o700 });
  } catch (cause) {
    throw new TwinDbError(`Cannot make a temporary GnuPG home ${homedir}`, { cause });
  }
  return homedir;
}

/** Ends the home's agent and removes the home. */
export async function closeHome(homedir: string): Promise<void> {
  try {
    await captureOutput({
      command: 'gpgconf',
      args: ['--homedir', homedir, '--kill', 'gpg-agent'],
      debianPackage: 'gnupg',
    });
  } finally {
    // The agent removes its sockets while we remove the folder.
    await rm(homedir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Closes the homes of this user's runs that were killed: their agents hold decrypted secret keys. Tells failures only. */
export async function closeAbandonedHomes(warn: (message: string) => void): Promise<void> {
  for (const folder of new Set(candidateFolders())) {
    for (const homedir of await findAbandoned(folder, PREFIX)) {
      try {
        await closeHome(homedir);
      } catch (error) {
        // The restore at hand is more urgent.
        warn(`Cannot remove ${homedir}, which a killed run left with secret keys: ${describeError(error)}`);
      }
    }
  }
}

/** Where a home may lie, best first: in memory, so that the keys do not reach a disk, unless TMPDIR names a place. */
function candidateFolders(): string[] {
  const chosen = process.env['TMPDIR'];
  return [...(chosen ? [chosen] : []), '/dev/shm', '/tmp'];
}

async function chooseFolder(nameLength: number): Promise<string> {
  for (const folder of candidateFolders()) {
    if (join(folder, '/').length + nameLength > MAX_HOMEDIR_LENGTH) continue;
    const isWritable = await access(folder, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isWritable) return folder;
  }
  return '/tmp';
}
