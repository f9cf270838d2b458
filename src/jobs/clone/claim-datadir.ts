import { randomUUID } from 'node:crypto';
import { TwinDbError } from '../../errors.ts';
import { CLAIM } from './find-clone.ts';
import { makeFolders } from './make-folders.ts';
import { type RemoteHost, scriptWords } from './remote-host.ts';
import type { Changes } from './undo.ts';

/** `set -C` makes the shell create the file or fail, so of two clones one gets it. Arguments: datadir, token. */
const TAKE = `
set -C
echo "$2" >"$1/${CLAIM}" || exit
[ -z "$(find "$1/" -mindepth 1 -maxdepth 1 ! -name lost+found ! -name ${CLAIM} -print -quit)" ] && exit
rm -f "$1/${CLAIM}"
echo 'it is not empty' >&2
exit 1
`;

/** Empties it, unless it was somebody else who claimed it. Arguments: datadir, token (empty: it is ours), owner. */
const EMPTY = `
[ -z "$2" ] || [ "$(cat "$1/${CLAIM}" 2>/dev/null)" = "$2" ] || exit 0
find "$1/" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf -- {} + && chown "$3" -- "$1"
`;

/** A data directory that is ours to fill, and to empty when a step fails. */
export interface ClaimedDatadir {
  /** Takes the mark away, when the copy in it is the mark. */
  readonly release: () => Promise<void>;
}

/**
 * Makes the data directory if it is absent, and marks it, since what was empty a moment ago may have been filled by now, and
 * undoing a clone empties it. Throws a TwinDbError when somebody else was faster.
 */
export async function claimDatadir(
  host: RemoteHost,
  datadir: string,
  state: 'absent' | 'empty',
  changes: Changes,
): Promise<ClaimedDatadir> {
  await makeFolders(host, [datadir], changes);
  if (state === 'absent') await host.capture(['chmod', '750', '--', datadir]);
  const owner = (await host.capture(['stat', '-L', '-c', '%u:%g', '--', datadir])).trim();
  let token: string = randomUUID();
  changes.add(`files in the data directory ${datadir}`, async () => {
    await host.capture(scriptWords(EMPTY, datadir, token, owner));
  });
  const { exitCode, stderr } = await host.run(scriptWords(TAKE, datadir, token));
  if (exitCode !== 0) {
    throw new TwinDbError(
      `The data directory ${datadir} on ${host.name} cannot be filled: ${stderr.at(-1) ?? 'no reason given'}`,
      { remedy: `If it has a file ${CLAIM}, another clone is filling it, or was killed.` },
    );
  }
  return {
    async release() {
      await host.capture(['rm', '-f', '--', `${datadir}/${CLAIM}`]);
      token = '';
    },
  };
}
