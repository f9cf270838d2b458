import { readFile, stat } from 'node:fs/promises';
import { quote } from 'shlex';
import ssh2 from 'ssh2';
import { hasCode, TwinDbError } from '../errors.ts';
import { refuseWorldWritable } from '../writers.ts';

/**
 * Reads a private key in OpenSSH's or PEM format that needs no passphrase, and that not everyone may write to. Throws a TwinDbError that says what is
 * wrong with the file; the key itself never shows in it.
 */
export async function readPrivateKey(file: string): Promise<Buffer> {
  const key = await readKeyFile(file);
  refuseWorldWritable('The SSH key', file, (await stat(file)).mode);
  // OpenSSH's format gives an array, which the types of ssh2 don't say.
  const [parsed] = [ssh2.utils.parseKey(key)].flat();
  const isPrivate = parsed !== undefined && !(parsed instanceof Error) && parsed.isPrivateKey();
  if (isPrivate) return key;
  if (isEncrypted(key, parsed)) {
    throw new TwinDbError(`The SSH key ${file} is encrypted, and nobody is there to enter its passphrase`, {
      remedy: `Remove the passphrase with: ssh-keygen -p -N '' -f ${quote(file)}, or set ssh_key in section [ssh] to a key without one.`,
    });
  }
  throw notAKey(file, parsed);
}

async function readKeyFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const isAbsent = hasCode(cause, 'ENOENT');
    throw new TwinDbError(
      isAbsent ? `The SSH key ${file} does not exist` : `Cannot read the SSH key ${file}`,
      {
        cause: isAbsent ? undefined : cause,
        remedy: isAbsent
          ? `Make one with: ssh-keygen -t ed25519 -N '' -f ${quote(file)}, or set ssh_key in section [ssh] to an existing one.`
          : 'Set ssh_key in section [ssh] to a private key that this user can read.',
      },
    );
  }
}

function isEncrypted(key: Buffer, parsed: unknown): boolean {
  if (key.includes('BEGIN ENCRYPTED PRIVATE KEY')) return true;
  return parsed instanceof Error && /no passphrase given/.test(parsed.message);
}

function notAKey(file: string, parsed: unknown): TwinDbError {
  if (parsed instanceof Error) {
    return new TwinDbError(
      `${file} holds no SSH key in a known format (RSA, ECDSA or Ed25519; OpenSSH or PEM)`,
      {
        cause: parsed,
        remedy: `A key in another format is converted by: ssh-keygen -p -N '' -f ${quote(file)}`,
      },
    );
  }
  return new TwinDbError(`${file} holds a public SSH key where the private one is needed`, {
    remedy: 'Set ssh_key in section [ssh] to the file without .pub.',
  });
}
