import { dirname } from 'node:path';
import type { ConfigFile } from './edit-my-cnf.ts';
import { findMissingFolders } from './look-around.ts';
import type { RemoteHost } from './remote-host.ts';
import type { Changes } from './undo.ts';

/**
 * Writes stdin to a file in one step, through symbolic links, and keeps what was there under a suffix that no server
 * reads. Arguments: path, suffix, mode. Configurations may hold passwords, so they come by stdin.
 */
const WRITE = `
path=$(readlink -m -- "$1") || exit
new=$(mktemp "$path.XXXXXX") || exit
trap 'rm -f "$new"' EXIT
cat >"$new" && chmod "$3" "$new" || exit
[ ! -e "$path" ] || cp -a -- "$path" "$path$2" || exit
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
  const folders = await findMissingFolders(host, [...new Set(files.flatMap(({ path }) => ancestors(path)))]);
  if (folders.length > 0) {
    changes.add(`the new folders ${folders.join(', ')}`, async () => {
      await host.capture(['rmdir', '--', ...folders.toReversed()]);
    });
    await host.capture(['mkdir', '-p', '--', ...folders]);
  }
  for (const { path, text, mode } of files) {
    const existed = (await host.run(['test', '-e', path])).exitCode === 0 ? 'yes' : 'no';
    changes.add(`${path}, whose old content is in ${path}${suffix} if it existed`, async () => {
      await host.capture(['sh', '-c', RESTORE, 'twindb-backup', path, suffix, existed]);
    });
    const bytes = Buffer.from(text, 'latin1');
    await host.capture(['sh', '-c', WRITE, 'twindb-backup', path, suffix, mode.toString(8)], bytes);
  }
}

/** The folders above a file, the outermost first. */
function ancestors(path: string): string[] {
  const folder = dirname(path);
  return folder === '/' ? [] : [...ancestors(folder), folder];
}
