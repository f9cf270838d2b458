import { allowOptions } from '../mysql/copy/allowed-options.ts';
import { BACKUP_MY_CNF, findOption } from '../mysql/copy/backup-my-cnf.ts';
import type { RemoteHost } from './remote-host.ts';

/** Writes stdin to a file that is there already. Argument: its path. */
const OVERWRITE = 'cat >"$1"';

/**
 * Rebuilds the backup-my.cnf of a copy there from what decides how its data are read, as a restore does: the server on this host
 * has said what is in it, and the backup program there, which runs as root, must load nothing because of it. Returns the plugins
 * that the copy needs, if any.
 */
export async function keepAllowedOptions(host: RemoteHost, datadir: string): Promise<string | undefined> {
  const path = `${datadir}/${BACKUP_MY_CNF}`;
  const { content } = allowOptions(await host.capture(['cat', '--', path]));
  await host.capture(['sh', '-c', OVERWRITE, 'twindb-backup', path], content);
  return findOption(content, 'plugin-load');
}
