import { basename, dirname, resolve } from 'node:path';
import type { SavedConfig, ServerSetup } from '../../copies/mysql-copy.ts';
import { optionLines, plainName, plainValue } from '../server/option-line.ts';
import { tablespaceFiles } from '../server/system-tablespace.ts';

/** A folder other than the data directory in which a server keeps files of InnoDB or Aria. */
export interface OutsideFolder {
  readonly folder: string;
  /** The options that say so. */
  readonly options: readonly string[];
  /** Whether a file of this name belongs to what these options are about. */
  readonly isOwn: (name: string) => boolean;
}

/** Where a server keeps its files. */
export interface ServerLayout {
  readonly datadir: string;
  readonly outside: readonly OutsideFolder[];
  /** Path of its binary logs without their number, where they are not in the data directory. */
  readonly outsideLogs: string | undefined;
}

const DEFAULT_DATADIR = '/var/lib/mysql';

/** What has a folder of its own, and how its files are called. */
const FOLDER_OPTIONS: readonly (readonly [string, RegExp])[] = [
  // Without a folder of its own the double-write buffer is here.
  ['innodb_data_home_dir', /^#ib_.*\.b?dblwr$/],
  ['innodb_log_group_home_dir', /^(ib_logfile\d+|#innodb_redo)$/],
  ['innodb_undo_directory', /^(undo_?\d{3}|.*\.ibu)$/],
  ['innodb_doublewrite_dir', /^#ib_.*\.b?dblwr$/],
  ['aria_log_dir_path', /^aria_log(_control|\.\d{8})$/],
];

/** By what was recorded with the copy; of a copy without such a record only the data directory can be told, by its configuration files. */
export function layoutOf(setup: ServerSetup | undefined, config: readonly SavedConfig[]): ServerLayout {
  const settings = setup?.settings ?? {};
  const datadir = usable(settings['datadir']) ?? findDatadir(config);
  const found: OutsideFolder[] = [];
  const add = (option: string, folder: string, isOwn: OutsideFolder['isOwn']) => {
    if (folder === datadir || folder === '/') return;
    const index = found.findIndex((each) => each.folder === folder);
    const before = found[index];
    if (before === undefined) {
      found.push({ folder, options: [option], isOwn });
      return;
    }
    const options = [...new Set([...before.options, option])];
    found[index] = { folder, options, isOwn: (name) => before.isOwn(name) || isOwn(name) };
  };
  const home = settings['innodb_data_home_dir'];
  for (const file of tablespaceFiles(datadir, home, settings['innodb_data_file_path'])) {
    const option = home ? 'innodb_data_home_dir' : 'innodb_data_file_path';
    add(option, dirname(file), (name) => name === basename(file));
  }
  for (const [option, names] of FOLDER_OPTIONS) {
    const folder = settings[option];
    if (folder) add(option, resolve(datadir, folder), (name) => names.test(name));
  }
  const logs = settings['log_bin_basename'];
  const outsideLogs = logs && isOutside(resolve(datadir, logs), datadir) ? resolve(datadir, logs) : undefined;
  return { datadir, outside: found, outsideLogs };
}

/** Whether a path is not below a folder. */
export function isOutside(path: string, folder: string): boolean {
  return !`${path}/`.startsWith(`${folder}/`);
}

/** The groups that a single server reads; mysqld2 is one of several, and may be another one. */
const SERVER_GROUP = /^(mysqld|server|mariadbd?)(-\d+\.\d+)?$/;

/** Where the server had its data, by the last of its configuration files that says so. */
function findDatadir(config: readonly SavedConfig[]): string {
  let found: string | undefined;
  for (const base64 of config.flatMap((file) => Object.values(file))) {
    for (const { group, option } of optionLines(Buffer.from(base64, 'base64').toString('latin1'))) {
      if (option?.value === undefined || plainName(option) !== 'datadir') continue;
      if (SERVER_GROUP.test(group ?? '')) found = plainValue(option.value).text;
    }
  }
  return usable(found) ?? DEFAULT_DATADIR;
}

/** Never the root of all files, which the steps would move and give to mysql. */
function usable(path: string | undefined): string | undefined {
  const trimmed = path?.trim() ?? '';
  return trimmed.startsWith('/') && resolve(trimmed) !== '/' ? resolve(trimmed) : undefined;
}
