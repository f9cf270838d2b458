import { dirname } from 'node:path';
import type { ConfigFile } from './edit-my-cnf.ts';
import { makeFolders } from './make-folders.ts';
import { type RemoteHost, scriptWords } from './remote-host.ts';
import type { Changes } from './undo.ts';

/**
 * Writes stdin to a file in one step, through symbolic links, and keeps what was there under a suffix that no server
 * reads: also when two names lead to one file, which is then written twice. An owner whom nobody knows there becomes root,
 * with the group of the server. Arguments: path, suffix, mode, owner. Configurations may hold passwords, so they come by stdin.
 */
const WRITE = `
path=$(readlink -m -- "$1") || exit
new=$(mktemp "$path.XXXXXX") || exit
trap 'rm -f "$new"' EXIT
cat >"$new" || exit
chown "$4" "$new" 2>/dev/null || chown root:mysql "$new" || exit
chmod "$3" "$new" || exit
[ ! -e "$path" ] || [ -e "$path$2" ] || cp -a -- "$path" "$path$2" || exit
mv -f -- "$new" "$path"
`;

/** Puts back what WRITE has kept, and removes a file that was not there before. Arguments: path, suffix, yes or no. */
const RESTORE = `
path=$(readlink -m -- "$1") || exit
if [ -e "$path$2" ]; then mv -f -- "$path$2" "$path"; elif [ "$3" = no ]; then rm -f -- "$path"; fi
`;

/** Puts these files in the place of those with their names. `suffix` is what the old ones get added to their names. */
export async function writeConfigs(
  host: RemoteHost,
  files: readonly ConfigFile[],
  suffix: string,
  changes: Changes,
): Promise<void> {
  const folders = files.map(({ path }) => dirname(path));
  await makeFolders(host, folders, changes);
  for (const { path, text, mode, owner } of files) {
    const existed = (await host.run(['test', '-e', path])).exitCode === 0 ? 'yes' : 'no';
    changes.add(`${path}, whose old content is in ${path}${suffix} if it existed`, async () => {
      await host.capture(scriptWords(RESTORE, path, suffix, existed));
    });
    const bytes = Buffer.from(text, 'latin1');
    const words = [path, suffix, mode.toString(8), owner];
    await host.capture(scriptWords(WRITE, ...words), bytes);
  }
}
