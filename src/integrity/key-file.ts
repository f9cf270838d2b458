import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { quote } from 'shlex';
import { ConfigError, hasCode, TwinDbError } from '../errors.ts';
import { refuseWorldWritable } from '../writers.ts';
import { formatKey, type Keyring, parseKeys } from './keyring.ts';

/** Readable by the group or by others. */
const OPEN_TO_OTHERS = 0o044;

/**
 * Reads a key file; undefined when there is none. Throws a ConfigError when it cannot be read, holds no keys, or anyone may
 * write to it: whoever can choose the key can sign.
 */
export function readKeyFile(file: string): Keyring | undefined {
  let text: string;
  let mode: number;
  try {
    const descriptor = openSync(file, 'r');
    try {
      ({ mode } = fstatSync(descriptor));
      text = readFileSync(descriptor, 'latin1');
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    // Making it fails for the same reason, and says so.
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new ConfigError(`Cannot read the integrity key ${file}`, {
      cause,
      remedy:
        'It must be a file that this user may read: run the command as root, let the account that runs the backups own the file, or name another one as [integrity] key_file.',
    });
  }
  refuseWorldWritable('The integrity key', file, mode);
  const problem =
    mode & OPEN_TO_OTHERS
      ? `Other users may read the integrity key ${file}, and could sign copies with it; run: chmod 600 ${quote(file)}`
      : undefined;
  return { file, ...parseKeys(text, file), problem };
}

/**
 * Makes a key file with one key and mode 0600, durably; of several processes that do so at once one makes it, and all return
 * that one. `now` goes into the ID. Throws a TwinDbError when the file cannot be made.
 */
export function makeKeyFile(file: string, now: Date): Keyring {
  const fresh = join(dirname(file), `.integrity-${randomBytes(8).toString('hex')}`);
  let isMade = false;
  try {
    const descriptor = openSync(fresh, 'wx', 0o600);
    isMade = true;
    try {
      const line = formatKey(now, { suffix: randomBytes(4).toString('hex'), secret: randomBytes(32) });
      writeFileSync(descriptor, line);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    putInPlace(fresh, file);
    syncFolder(dirname(file));
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) {
      // Without the random name: a warning of a lasting state must be the same each time.
      const reason = (cause as Error).message.replace(/^[A-Z]+: (.+?), .*/s, '$1');
      throw new TwinDbError(`Cannot make the integrity key ${file}: ${reason}`, { cause, isExplained: true });
    }
  } finally {
    if (isMade) rmSync(fresh, { force: true });
  }
  const made = readKeyFile(file);
  if (made === undefined) throw new TwinDbError(`Cannot make the integrity key ${file}: it is gone again`);
  return made;
}

/** Under its name only if there is nothing of that name: where the file system knows no hard links, by one who is first to look. */
function putInPlace(fresh: string, file: string): void {
  try {
    linkSync(fresh, file);
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS') || existsSync(file)) throw error;
    renameSync(fresh, file);
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
