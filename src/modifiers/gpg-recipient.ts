import { access, constants, stat } from 'node:fs/promises';
import type { GpgConfig } from '../config/config.ts';
import { ProcessError, TwinDbError } from '../errors.ts';
import { refuseWorldWritable } from '../writers.ts';

/**
 * Makes sure that encryption to the configured recipient is possible, before anything is read or stored. `listKeys`
 * runs gpg on the configured keyring and returns its stdout. Throws a TwinDbError that says what is wrong with the
 * keyring or the key.
 */
export async function requireUsableKey(
  { recipient, keyring }: GpgConfig,
  runGpg: (args: readonly string[]) => Promise<string>,
): Promise<void> {
  if (keyring !== undefined) {
    await requireReadable(keyring);
    refuseWorldWritable('[gpg] keyring', keyring, (await stat(keyring)).mode);
  }
  const where = keyring === undefined ? 'the default GnuPG home' : `the keyring ${keyring}`;
  const problem = findProblem(await listKeys(recipient, where, runGpg));
  if (problem === undefined) return;
  throw new TwinDbError(`Cannot encrypt to [gpg] recipient ${recipient}: ${problem} in ${where}`, {
    remedy: 'Import a valid public key for this recipient, or correct [gpg] recipient',
  });
}

async function requireReadable(keyring: string): Promise<void> {
  try {
    await access(keyring, constants.R_OK);
  } catch (cause) {
    throw new TwinDbError(`Cannot encrypt: cannot read [gpg] keyring ${keyring}`, {
      cause,
      remedy:
        'Create the keyring with gpg --no-default-keyring --keyring FILE --import KEY, or correct [gpg] keyring',
    });
  }
}

async function listKeys(
  recipient: string,
  where: string,
  runGpg: (args: readonly string[]) => Promise<string>,
): Promise<string> {
  try {
    return await runGpg(['--with-colons', '--list-keys', '--', recipient]);
  } catch (cause) {
    if (!(cause instanceof ProcessError) || cause.exitCode === null) throw cause;
    throw new TwinDbError(`Cannot encrypt to [gpg] recipient ${recipient}: no such key in ${where}`, {
      cause,
      remedy: "Import the recipient's public key there, or correct [gpg] recipient",
    });
  }
}

/**
 * What keeps every listed key from encrypting; undefined when one can. Field 2 of a `pub` or `sub` line is the
 * key's validity, field 12 its capabilities; upper-case E on a `pub` line: some subkey can encrypt.
 * Source: doc/DETAILS of GnuPG.
 */
function findProblem(listing: string): string | undefined {
  const problems = listing
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([record]) => record === 'pub')
    .map(([, validity = '', , , , , , , , , , capabilities = '']) => describeKey(validity, capabilities));
  return problems.includes(undefined) ? undefined : (problems[0] ?? 'there is no public key');
}

function describeKey(validity: string, capabilities: string): string | undefined {
  if (validity === 'e') return 'its key has expired';
  if (validity === 'r') return 'its key is revoked';
  if (validity === 'd' || capabilities.includes('D')) return 'its key is disabled';
  if (!capabilities.includes('E')) return 'its key has no valid subkey for encryption';
  return undefined;
}
