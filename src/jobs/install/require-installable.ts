import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { TwinDbError } from '../../errors.ts';
import { serviceOf } from '../../mysql/copy/advice.ts';
import { quote } from '../../mysql/copy/quote.ts';
import { isOutside, layoutOf } from '../../mysql/copy/server-layout.ts';
import { findUse } from './find-use.ts';
import { type InstallHost, listMountPoints } from './install-host.ts';
import type { Installable } from './plan-install.ts';

/** Throws a TwinDbError unless this process may give files to the account of a server. */
export function requireRoot(): void {
  if (process.geteuid?.() === 0) return;
  throw new TwinDbError(
    'Restored data can be installed by root only: they are given to the account of the server',
    {
      remedy: 'Run it with sudo, or restore without --install and let root follow the steps.',
    },
  );
}

type Target = Pick<Installable, 'setup' | 'config' | 'flavour' | 'dst'>;

/**
 * Makes sure that the data directory and what the server has beside it on this host are a server's and nobody else's, and that none is at work on
 * them. The copy says where they are: what it says may be wrong. Throws a TwinDbError that says what is in the way.
 */
export async function requireInstallable(target: Target, host: InstallHost): Promise<void> {
  const layout = layoutOf(target.setup, target.config);
  const datadir = host.realPath(layout.datadir);
  const dst = host.realPath(target.dst);
  await requireStopped(target, host);
  const mounted = listMountPoints().filter((path) => path !== datadir && !isOutside(path, datadir));
  if (mounted.length > 0) {
    throw new TwinDbError(
      `The data directory ${quoteLocation(datadir)} cannot be moved: ${mounted.map(quoteLocation).join(', ')} is mounted below it`,
      { remedy: 'Unmount it, or put the data into place by hand.' },
    );
  }
  const foreign = await findForeign(datadir, dst);
  if (foreign.length > 0) {
    throw new TwinDbError(
      `The data directory ${quoteLocation(datadir)} has what is no server's: ${foreign.map(quoteLocation).join(', ')}`,
      {
        remedy:
          'If it is the data directory, move these elsewhere first. The copy says where it is; see its saved my.cnf.',
      },
    );
  }
  const account = host.ownershipOf(datadir)?.uid;
  for (const { folder, isOwn } of layout.outside) await requireOwn(folder, isOwn, account, host);
}

/** Throws a TwinDbError that says who is at work on the data of this server, and how to stop it. */
export async function requireStopped(target: Target, host: InstallHost): Promise<void> {
  const { datadir, outside } = layoutOf(target.setup, target.config);
  const real = host.realPath(datadir);
  const files = outside.flatMap(({ folder, isOwn }) =>
    host
      .list(folder)
      .filter(isOwn)
      .map((name) => join(folder, name)),
  );
  const use = await findUse(real, files);
  if (use === undefined) return;
  throw new TwinDbError(`The data directory ${quoteLocation(real)} is in use: ${use}`, {
    remedy: `Stop the server first: systemctl stop ${quote(serviceOf(target))}`,
  });
}

/** Throws a TwinDbError for a folder beside the data directory in which neither the folder nor the files to be replaced are the server's. */
async function requireOwn(
  named: string,
  isOwn: (name: string) => boolean,
  account: number | undefined,
  host: InstallHost,
): Promise<void> {
  const folder = host.realPath(named);
  const owner = host.ownershipOf(folder)?.uid;
  if (owner === undefined || (owner !== 0 && (account === undefined || account === 0 || owner === account)))
    return;
  const files = host.list(folder).filter(isOwn);
  const owners = await Promise.all(files.map(async (name) => (await lstat(join(folder, name))).uid));
  if (
    owners.length > 0 &&
    owners.every((uid) => uid !== 0 && (account === undefined || account === 0 || uid === account))
  )
    return;
  throw new TwinDbError(
    `The copy says that the server has files in ${quoteLocation(folder)}, which does not belong to the account of the server`,
    { remedy: `If that is right, give it to the server first: chown mysql:mysql ${quote(folder)}` },
  );
}

/** What a data directory of any server has. */
const SERVER_FILES =
  /^(ibdata\d+|ib_logfile\d+|aria_log_control|auto\.cnf|mysql\.ibd|#innodb_redo|mysql|undo_?\d{3})$/;

/** Files in the folder of a database, of all engines. */
const TABLE_FILES =
  /\.(frm|ibd|isl|cfg|cfp|opt|sdi|par|TRG|TRN|MYD|MYI|MAD|MAI|MRG|CSV|CSM|ARZ|ARM|ibu)(\W.*)?$/i;

/** The folders in a data directory that cannot be a database, and of one that is no server's at all the first of all names. */
async function findForeign(datadir: string, dst: string): Promise<string[]> {
  const entries = await readdir(datadir, { withFileTypes: true }).catch(() => []);
  const others = entries.filter(({ name }) => name !== 'lost+found' && join(datadir, name) !== dst);
  if (datadir !== dst && others.length > 0 && !others.some(({ name }) => SERVER_FILES.test(name)))
    return others.slice(0, 5).map(({ name }) => name);
  const foreign: string[] = [];
  for (const { name } of others.filter((each) => each.isDirectory())) {
    if (/^#|^\.?#?rocksdb$/.test(name) || !isOutside(dst, join(datadir, name))) continue;
    const inside = await readdir(join(datadir, name)).catch(() => []);
    if (inside.length > 0 && !inside.some((file) => TABLE_FILES.test(file) || SERVER_FILES.test(file)))
      foreign.push(name);
  }
  return foreign;
}
