import { posix } from 'node:path';
import { quote } from 'shlex';
import { newPartialName } from '../../lock/owner.ts';
import type { Log } from '../../log.ts';
import { SSH_TIMING } from '../../ssh/connect.ts';
import { checkKey, PARTIAL_FOLDER } from '../check-key.ts';
import type { Destination } from '../destination.ts';
import { guardListing } from '../listing-guard.ts';
import type { RequestLimits } from '../request-limits.ts';
import type { SshConfig } from './config.ts';
import { deleteFile } from './delete.ts';
import { readError, storageError } from './errors.ts';
import { statPath } from './files.ts';
import { keepSession } from './keep-session.ts';
import { listObjects, objectInfo } from './list.ts';
import { createDownload } from './read.ts';
import { measureRoom } from './room.ts';
import { openSession, type SftpSession } from './session.ts';
import { findAbandoned, sweepFolder } from './sweep.ts';
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
  const partialFolder = (host: string): string => {
    checkKey(`${host}/x`);
    return posix.join(root, host, PARTIAL_FOLDER);
  };
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
      throw storageError(cause, operation, `${url}/${key}`);
    }
  };

  return {
    url,
    locate,

    write(key, { claim, replaces } = {}) {
      checkKey(key);
      const folder = posix.join(root, key.slice(0, key.indexOf('/')), PARTIAL_FOLDER);
      return createUpload(
        sessions.open,
        {
          partial: `${folder}/${newPartialName()}`,
          aside: `${folder}/${newPartialName()}`,
          key,
          pathOf: locate,
          nameOf: (each) => `${url}/${each}`,
          claim,
          replaces,
        },
        {
          place: `${url}/${key}`,
          explain: (cause) => storageError(cause, 'write', `${url}/${key}`),
          log,
        },
      );
    },

    read(key, options) {
      checkKey(key);
      return createDownload(
        sessions.open,
        locate(key),
        (cause) => readError(cause, `${url}/${key}`),
        options,
      );
    },

    async stat(key) {
      checkKey(key);
      return await attempt('look up', key, async (session) => {
        const stats = await statPath(session, locate(key));
        return stats?.isFile() ? objectInfo(key, stats) : undefined;
      });
    },

    async *list(prefix, onClosed) {
      const guard = guardListing(`${url}/${prefix}`);
      try {
        yield* listObjects(await sessions.open(), root, { prefix, onClosed }, guard);
      } catch (cause) {
        throw storageError(cause, 'list', `${url}/${prefix}`);
      }
    },

    async delete(key) {
      checkKey(key);
      await attempt('delete', key, (session) => deleteFile(session, locate(key)));
    },

    room: () => attempt('measure the room of', '', (session) => measureRoom(session, root)),

    async sweep(host) {
      return await attempt('remove unfinished files from', `${host}/${PARTIAL_FOLDER}`, (session) =>
        sweepFolder(session, partialFolder(host)),
      );
    },

    async leftovers(host) {
      const paths = await attempt('list', `${host}/${PARTIAL_FOLDER}`, (session) =>
        findAbandoned(session, partialFolder(host)),
      );
      return paths.map((path) => ({
        what: `the file ${url}/${posix.relative(root, path)}`,
        command: removal(config, path),
      }));
    },

    [Symbol.asyncDispose]: sessions.close,
  };
}

/** What `sftp` reads otherwise than a shell, even in quotes. With it a name could end its line, and begin another with `!`: a command for this machine. */
const MISREAD = /['"\\*?[\p{Cc}]/u;

/** By SFTP, as the account may have no shell; undefined for a path that it would misread. */
function removal({ user, host, port, keyFile, knownHosts }: SshConfig, path: string): string | undefined {
  if (MISREAD.test(path)) return undefined;
  const trust = quote(`UserKnownHostsFile=${knownHosts}`);
  const sftp = `sftp -q -b - -i ${quote(keyFile)} -o ${trust} -P ${port} ${quote(`${user}@${host}`)}`;
  return `echo ${quote(`rm ${quote(path)}`)} | ${sftp}`;
}

function urlOf({ user, host, port }: SshConfig, root: string): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const home = root === '.' ? '/~' : `/~/${root}`;
  const path = posix.isAbsolute(root) ? root.replace(/\/$/, '') : home;
  return `ssh://${user}@${name}:${port}${path}`;
}
