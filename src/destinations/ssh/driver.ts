import { posix } from 'node:path';
import type { SshConfig } from '../../config/config.ts';
import { ObjectNotFoundError, StorageError } from '../../errors.ts';
import { newPartialName } from '../../lock/owner.ts';
import type { Log } from '../../log.ts';
import { SSH_TIMING } from '../../ssh/connect.ts';
import { checkKey, PARTIAL_FOLDER } from '../check-key.ts';
import type { Destination } from '../destination.ts';
import { guardListing } from '../listing-guard.ts';
import type { RequestLimits } from '../request-limits.ts';
import { FOLDER_REMEDY, removeFile, statPath, unlessAbsent } from './files.ts';
import { listObjects, objectInfo } from './list.ts';
import { createDownload, NotAFileError } from './read.ts';
import { NO_SUCH_FILE, openSession, PERMISSION_DENIED, type SftpSession, statusOf } from './session.ts';
import { sweepFolder } from './sweep.ts';
import { createUpload } from './write.ts';

/**
 * A folder on a server, reached by SFTP alone: accounts without a shell will do, and the server acknowledges every
 * write. A relative `backup_dir` begins at the user's home, as SFTP has it. `timing` and `limits` are for tests.
 */
export function openSsh(
  config: SshConfig,
  log: Log,
  timing = SSH_TIMING,
  limits?: RequestLimits,
): Destination {
  const root = posix.normalize(config.backupDir).replace(/(?<=.)\/$/, '');
  const url = urlOf(config, root);
  const locate = (key: string): string => posix.join(root, key);
  let { redialMs } = timing;
  const sessions = keepSession(async () => {
    const patience = redialMs;
    // Waited for once: a run that asks for each of its directories must not wait for each.
    redialMs = 0;
    const session = await openSession(config, log, { ...timing, redialMs: patience }, limits);
    ({ redialMs } = timing);
    return session;
  });

  /** Runs one operation; its failures become StorageErrors that name it. */
  const attempt = async <T>(
    operation: string,
    key: string,
    work: (session: SftpSession) => Promise<T>,
  ): Promise<T> => {
    try {
      return await work(await sessions.open());
    } catch (cause) {
      throw asStorageError(cause, operation, `${url}/${key}`);
    }
  };

  return {
    url,
    locate,

    write(key) {
      checkKey(key);
      const folder = posix.join(root, key.slice(0, key.indexOf('/')), PARTIAL_FOLDER);
      return createUpload(
        sessions.open,
        {
          partial: `${folder}/${newPartialName()}`,
          aside: `${folder}/${newPartialName()}`,
          target: locate(key),
        },
        {
          place: `${url}/${key}`,
          // A folder that is missing here is no missing object.
          explain: (cause) => storageError(cause, 'write', `${url}/${key}`),
          log,
        },
      );
    },

    read(key) {
      checkKey(key);
      return createDownload(sessions.open, locate(key), (cause) =>
        asStorageError(cause, 'read', `${url}/${key}`),
      );
    },

    async stat(key) {
      checkKey(key);
      return await attempt('look up', key, async (session) => {
        const stats = await statPath(session, locate(key));
        return stats?.isFile() ? objectInfo(key, stats) : undefined;
      });
    },

    async *list(prefix) {
      try {
        yield* listObjects(await sessions.open(), root, prefix, guardListing(`${url}/${prefix}`));
      } catch (cause) {
        throw asStorageError(cause, 'list', `${url}/${prefix}`);
      }
    },

    async delete(key) {
      checkKey(key);
      await attempt('delete', key, async (session) => {
        try {
          await unlessAbsent(removeFile(session, locate(key)));
        } catch (error) {
          // A folder is no object: there is nothing to delete.
          if (!(await statPath(session, locate(key)))?.isDirectory()) throw error;
        }
      });
    },

    async sweep(host) {
      checkKey(`${host}/x`);
      const folder = posix.join(root, host, PARTIAL_FOLDER);
      return await attempt('remove unfinished files from', `${host}/${PARTIAL_FOLDER}`, (session) =>
        sweepFolder(session, folder),
      );
    },

    [Symbol.asyncDispose]: sessions.close,
  };
}

function urlOf({ user, host, port }: SshConfig, root: string): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const path = posix.isAbsolute(root) ? root.replace(/\/$/, '') : `/~/${root}`;
  return `ssh://${user}@${name}:${port}${path}`;
}

function asStorageError(cause: unknown, operation: string, object: string): StorageError {
  if (statusOf(cause) === NO_SUCH_FILE || cause instanceof NotAFileError) {
    return new ObjectNotFoundError(`There is no ${object}`, { cause, isExplained: true });
  }
  return storageError(cause, operation, object);
}

function storageError(cause: unknown, operation: string, object: string): StorageError {
  const remedy = statusOf(cause) === PERMISSION_DENIED ? { remedy: FOLDER_REMEDY } : {};
  return new StorageError(`Cannot ${operation} ${object}`, { cause, ...remedy });
}

interface SessionKeeper {
  /** The session, opened when there is none or the last one was lost. */
  readonly open: () => Promise<SftpSession>;
  /** Closes what is open. */
  readonly close: () => Promise<void>;
}

/** Keeps one session for all operations, however many ask for it at once. */
function keepSession(start: () => Promise<SftpSession>): SessionKeeper {
  let current: { readonly session: Promise<SftpSession>; isUsable(): boolean } | undefined;
  const begin = (): NonNullable<typeof current> => {
    const attempt = { session: start(), isUsable: () => true };
    const follow = async (): Promise<void> => {
      try {
        const session = await attempt.session;
        attempt.isUsable = () => session.isOpen();
      } catch {
        attempt.isUsable = () => false; // whoever asked for it gets the error
      }
    };
    void follow();
    return attempt;
  };
  return {
    open() {
      if (!current?.isUsable()) current = begin();
      return current.session;
    },
    async close() {
      const last = await current?.session.catch(() => undefined);
      current = undefined;
      await last?.[Symbol.asyncDispose]();
    },
  };
}
