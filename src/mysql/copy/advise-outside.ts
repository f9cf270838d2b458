import { basename, dirname } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { quote } from './quote.ts';
import { isOutside, type OutsideFolder, type ServerLayout } from './server-layout.ts';

/** What the steps have to know of the host on which they are printed. */
export interface StepsHost {
  readonly exists: (path: string) => boolean;
  /** The names in a folder; none when it cannot be read. */
  readonly list: (folder: string) => readonly string[];
  readonly isMountPoint: (path: string) => boolean;
  /** The path without symbolic links, as far as it exists. */
  readonly realPath: (path: string) => string;
}

/** `PATH.old`, or with a number behind where that is taken. */
export function unusedName(path: string, { exists }: StepsHost): string {
  for (let count = 1; ; count++) {
    const name = `${path}.old${count === 1 ? '' : count}`;
    if (!exists(name)) return name;
  }
}

/**
 * What is left to do, a line each, when the restored files are in the data directory, for those that the server looks for elsewhere. It would
 * start with the old ones, and have new rows among old ones without a word. `names` are the restored files and folders.
 */
export function adviseOutside(
  names: readonly string[],
  { datadir, outside, outsideLogs }: ServerLayout,
  host: StepsHost,
): string[] {
  return [
    ...outside.flatMap((folder) => adviseFolder(names, folder, datadir, host)),
    ...(outsideLogs === undefined ? [] : adviseLogs(outsideLogs, host)),
  ];
}

function adviseFolder(
  names: readonly string[],
  { folder, options, isOwn }: OutsideFolder,
  datadir: string,
  host: StepsHost,
): string[] {
  const restored = names.filter(isOwn);
  // What was below the old data directory has been moved with it.
  const isApart = isOutside(folder, datadir);
  const old = isApart ? host.list(folder).filter(isOwn) : [];
  const isThere = isApart && host.exists(folder);
  if (restored.length === 0 && old.length === 0) return [];
  const [to, aside] = [quote(folder), quote(unusedName(folder, host))];
  const paths = (where: string, which: readonly string[]) =>
    which.map((name) => quote(`${where}/${name}`)).join(' ');
  return [
    `  # ${options.join(', ')}: the server looks for these files in ${quoteLocation(folder)}, not in the data directory`,
    ...(isThere ? [] : [`  mkdir -p ${to} && chown mysql:mysql ${to}`]),
    ...(old.length === 0 ? [] : [`  mkdir ${aside} && mv ${paths(folder, old)} ${aside}/`]),
    ...(restored.length === 0 ? [] : [`  mv ${paths(datadir, restored)} ${to}/`]),
  ];
}

/** The old server's logs would be gone on with, numbers and GTIDs, though they are ahead of the restored data. */
function adviseLogs(logs: string, host: StepsHost): string[] {
  const [folder, base] = [dirname(logs), basename(logs)];
  if (!host.list(folder).some((name) => name.startsWith(`${base}.`))) return [];
  const aside = quote(unusedName(folder, host));
  return [
    `  # log_bin: the logs of the old server, which are ahead of these data; they are needed for the replay`,
    `  mkdir -p ${aside} && mv ${quote(logs)}.* ${aside}/`,
  ];
}
