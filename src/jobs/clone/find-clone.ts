import type { RemoteHost } from './remote-host.ts';

/** In a data directory that a clone fills; says which one. */
export const CLAIM = '.twindb-clone';

/**
 * Lists all processes there when the data directory has the mark: id, parent, group, and 1 if it is of a clone into that
 * directory. The path comes by stdin: it is in the arguments of what is looked for, and must not be in those of what looks.
 */
const LIST = `
IFS= read -r datadir || exit
[ -e "$datadir/${CLAIM}" ] || exit 0
echo claimed
for process in /proc/[0-9]*; do
  words=$(tr '\\0' ' ' <"$process/cmdline") || continue
  case $words in *" twindb-backup "*"$datadir"* | *"$datadir"*" twindb-backup "*) ours=1 ;; *) ours=0 ;; esac
  set -- $(sed 's/.*) //' "$process/stat")
  echo "\${process#/proc/} $2 $3 $ours"
done 2>/dev/null
`;

/**
 * What a clone has left in a data directory, or is doing there: undefined when the mark of a clone is missing, else the groups of
 * the processes that still work on it.
 */
export async function findClone(host: RemoteHost, datadir: string): Promise<readonly number[] | undefined> {
  const said = await host.capture(['sh', '-c', LIST], `${datadir}\n`);
  return said === '' ? undefined : groupsOf(said);
}

/** A command is in a group of its own, below the supervisor that has the words of a clone in its arguments. */
export function groupsOf(listed: string): number[] {
  const processes = listed
    .split('\n')
    .flatMap((line) => (/^\d+ \d+ \d+ [01]$/.test(line) ? [line.split(' ').map(Number)] : []))
    .map(([id = 0, parent = 0, group = 0, ours]) => ({ id, parent, group, isOurs: ours === 1 }));
  const ours = new Set(processes.filter(({ isOurs }) => isOurs).map(({ id }) => id));
  const working = processes.filter(({ id, parent }) => ours.has(id) || ours.has(parent));
  return [...new Set(working.map(({ group }) => group))].filter((group) => group > 1);
}
