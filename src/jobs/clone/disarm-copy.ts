import { quoteLocation } from '../../copies/quote-location.ts';
import { IntegrityError } from '../../errors.ts';
import { allowOptions } from '../../mysql/copy/allowed-options.ts';
import { BACKUP_MY_CNF, findOption } from '../../mysql/copy/backup-my-cnf.ts';
import { RENAME_FILE, renamesOutside } from '../../mysql/copy/rename-file.ts';
import { type RemoteHost, scriptWords } from './remote-host.ts';

/**
 * Takes from a copy that was unpacked there what would make the backup program, which runs as root, do more than read it, as a
 * restore does: the server on this host has said what is in it. Returns the plugins that the copy needs, if any. Throws an
 * IntegrityError when a table would be moved out of the data directory.
 */
export async function disarmCopy(host: RemoteHost, datadir: string): Promise<string | undefined> {
  const plugins = await keepAllowedOptions(host, datadir);
  await requirePlainRenames(host, datadir);
  // What a link leads to may be another server's file there; the table itself is in the folder of its schema.
  await host.capture(['find', `${datadir}/`, ...IN_SCHEMAS, '-name', '*.isl', '-delete']);
  return plugins;
}

/** Writes stdin to a file that is there already. Argument: its path. */
const OVERWRITE = 'cat >"$1"';

/** Rebuilds its backup-my.cnf from what decides how its data are read. */
async function keepAllowedOptions(host: RemoteHost, datadir: string): Promise<string | undefined> {
  const path = `${datadir}/${BACKUP_MY_CNF}`;
  const { content } = allowOptions(await host.capture(['cat', '--', path]));
  await host.capture(scriptWords(OVERWRITE, path), content);
  return findOption(content, 'plugin-load');
}

/** For `find`: the files in the folders of the schemas, and no deeper. */
const IN_SCHEMAS = ['-mindepth', '2', '-maxdepth', '2'];

/** More than a file with the name of a table has, in bytes. */
const RENAME_SIZE = 4096;

async function requirePlainRenames(host: RemoteHost, datadir: string): Promise<void> {
  const find = ['find', `${datadir}/`, '-maxdepth', '2', '-name', `*${RENAME_FILE}`, '-print0'];
  const paths = (await host.capture(find)).split('\0').filter((path) => path !== '');
  for (const path of paths) {
    const target = renamesOutside(await host.capture(['head', '-c', String(RENAME_SIZE), '--', path]));
    if (target === undefined) continue;
    throw new IntegrityError(
      `The file ${quoteLocation(path)} of the copy on ${host.name} would move a table out of the data directory, to ${target}`,
    );
  }
}
