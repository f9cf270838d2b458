import { statSync } from 'node:fs';
import { quote } from 'shlex';
import { findWriters, ownAccounts } from '../writers.ts';
import type { Config } from './config.ts';

/** A state that lasts until somebody changes it, found before a command begins. */
export interface Doubt {
  /** Names it, and is never shown. */
  readonly state: string;
  readonly message: string;
}

/**
 * The files that decide what root does, and that another account or a group may change: with bind mounts and configuration
 * management that may be meant. One that everyone may write to is refused where it is read, and not told of here.
 */
export function findDoubtfulFiles({ file, destination, gpg, hooks, integrity, mysql }: Config): Doubt[] {
  const files: [string, string | undefined][] = [
    ['configuration file', file],
    ['SSH key', destination.kind === 'ssh' ? destination.keyFile : undefined],
    ['integrity key', integrity.keyFile],
    ['keyring', gpg?.keyring],
    ['secret keyring', gpg?.secretKeyring],
    ['MySQL defaults file', mysql?.defaultsFile],
    ...Object.values(hooks).map(([command]): [string, string | undefined] => [
      'command of section [hooks]',
      // What is found in PATH belongs to the system.
      command?.startsWith('/') ? command : undefined,
    ]),
  ];
  return files.flatMap(([what, path]) => {
    const reason = path === undefined ? undefined : whoMayChange(path);
    if (path === undefined || reason === undefined) return [];
    const message = `Other accounts may change the ${what} ${path}, and so what this tool does: ${reason}. Let it belong to the user who runs this tool, and run: chmod go-w ${quote(path)}`;
    return [{ state: `writers of ${path}`, message }];
  });
}

function whoMayChange(path: string): string | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.mode & 0o002) return undefined;
    return findWriters(stats, { ...ownAccounts(), gids: [] });
  } catch {
    // What is wrong with it shows where it is read.
    return undefined;
  }
}
