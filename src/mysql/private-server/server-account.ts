import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TwinDbError } from '../../errors.ts';
import { captureOutput } from '../../process/capture.ts';
import type { Account } from '../../process/program.ts';

/** The account that the packages of all servers make. */
const SERVER_USER = 'mysql';

/**
 * As whom the server runs: root lends it the account of the data directory's owner, or `mysql` where that is root itself, as everything that is in
 * the copy, SQL too, is run by that server. Undefined: as ourselves, who are not root. Throws a TwinDbError when there is no such account.
 */
export async function chooseAccount(datadir: string, signal: AbortSignal): Promise<Account | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const { uid, gid } = await stat(datadir);
  if (uid !== 0) return { uid, gid };
  return { uid: await askId('-u', signal), gid: await askId('-g', signal) };
}

async function askId(option: '-u' | '-g', signal: AbortSignal): Promise<number> {
  try {
    return Number(await captureOutput({ command: 'id', args: [option, SERVER_USER] }, signal));
  } catch (cause) {
    signal.throwIfAborted();
    throw new TwinDbError(`There is no account ${SERVER_USER} on this host, and no server is run as root`, {
      cause,
      isExplained: true,
      remedy: `Install the server's package, which makes it, or run: useradd --system ${SERVER_USER}`,
    });
  }
}

/** Gives a data directory with all that is in it to an account; follows no link. Throws the ProcessError of a failure. */
export async function giveTo({ uid, gid }: Account, folder: string, signal: AbortSignal): Promise<void> {
  const args = ['-R', '-P', '-h', `${uid}:${gid}`, '--', folder];
  await captureOutput({ command: 'chown', args }, signal);
}

/** Whether an account gets into a folder, with all that decides about that. */
export async function mayEnter(account: Account, folder: string, signal: AbortSignal): Promise<boolean> {
  try {
    await captureOutput({ command: 'test', args: ['-x', folder], account }, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Throws a TwinDbError that names the topmost folder above `path` that an account may not enter. */
export async function requireEntry(account: Account, path: string, signal: AbortSignal): Promise<void> {
  const folders: string[] = [];
  for (let folder = await realpath(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  for (const folder of folders) {
    if (await mayEnter(account, folder, signal)) continue;
    throw new TwinDbError(
      `The server's account (uid ${account.uid}) may not enter ${folder}, where its data are`,
      {
        remedy:
          'Let --dst or TMPDIR name a folder that it can reach, such as one below /var/tmp, or let it in: chmod o+x.',
      },
    );
  }
}
