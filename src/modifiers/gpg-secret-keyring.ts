import { access, constants, stat } from 'node:fs/promises';
import { hasCode, TwinDbError } from '../errors.ts';
import { captureOutput } from '../process/capture.ts';
import { refuseWorldWritable } from '../writers.ts';
import { closeAbandonedHomes, closeHome, makeHome } from './gpg-home.ts';

/** A GnuPG home of our own that holds the keys of a secret keyring, until it is released. */
export interface SecretKeyring {
  readonly homedir: string;
  readonly release: () => Promise<void>;
}

/**
 * gpg 2 ignores `--secret-keyring` (contract D12), so the keyring's keys are imported into a fresh home, which
 * exists only while it is needed. Closes first what killed runs have left; `warn` is told when that fails. Throws a
 * TwinDbError when the keyring cannot be read or imported.
 */
export async function openSecretKeyring(
  file: string,
  warn: (message: string) => void,
): Promise<SecretKeyring> {
  await requireReadable(file);
  refuseWorldWritable('[gpg] secret_keyring', file, (await stat(file)).mode);
  await closeAbandonedHomes(warn);
  const homedir = await makeHome();
  const release = () => closeHome(homedir);
  try {
    await captureOutput({
      command: 'gpg',
      args: ['--no-tty', '--batch', '--quiet', '--homedir', homedir, '--import', file],
      debianPackage: 'gnupg',
    });
  } catch (cause) {
    await release();
    throw new TwinDbError(`Cannot import [gpg] secret_keyring ${file}`, { cause });
  }
  return { homedir, release };
}

/** Whether there is no such file, or nothing in it: GnuPG 1 left an empty one where it had no keys. */
export async function isMissing(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size === 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    // Whatever else is wrong shows when it is read.
    return false;
  }
}

async function requireReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (cause) {
    throw new TwinDbError(`Cannot decrypt: cannot read [gpg] secret_keyring ${file}`, {
      cause,
      remedy:
        'Export the keys to it (gpg --export-secret-keys > FILE), or remove secret_keyring to use the default GnuPG home',
    });
  }
}
