import { captureOutput } from '../../process/capture.ts';
import { type Accounts, ownAccounts } from '../../writers.ts';
import { findFolderWriters } from '../folder-writers.ts';
import type { JobContext } from '../job-context.ts';

/** The account that servers run as, in all packages of MySQL and MariaDB. */
const SERVER_ACCOUNT = 'mysql';

/**
 * Warns when accounts other than ours may write to the folder that is restored to. With `forServer` its account may: the data are
 * going to be its own, and its folder may be there already.
 */
export async function warnOfTargetWriters(
  dst: string,
  { log }: Pick<JobContext, 'log'>,
  { forServer = false }: { readonly forServer?: boolean } = {},
): Promise<void> {
  // What cannot be looked at cannot be restored to either, which then is an error of its own.
  const find = (trusted: Accounts) => findFolderWriters(dst, trusted).catch(() => undefined);
  let reason = await find(ownAccounts());
  if (reason !== undefined && forServer) reason = await find(await withServerAccount(ownAccounts()));
  if (reason === undefined) return;
  log.warn(`Other accounts may change what is restored to ${dst}: ${reason}`);
}

/** Whether a cache may be used; warns when not. The server's account is no exception: what a cache holds is prepared as root. */
export async function isCacheOurs(dir: string, { log }: Pick<JobContext, 'log'>): Promise<boolean> {
  const reason = await findFolderWriters(dir, ownAccounts()).catch(() => undefined);
  if (reason === undefined) return true;
  log.warn(`The cache ${dir} is not used, as other accounts may change what is in it: ${reason}`);
  return false;
}

async function withServerAccount({ uids, gids }: Accounts): Promise<Accounts> {
  try {
    const getent = { command: 'getent', args: ['passwd', SERVER_ACCOUNT], debianPackage: 'libc-bin' };
    const [, , uid, gid] = (await captureOutput(getent)).split(':');
    return { uids: [...uids, Number(uid)], gids: [...gids, Number(gid)] };
  } catch {
    // There is no server on this host.
    return { uids, gids };
  }
}
