import { quote } from 'shlex';
import { ConfigError } from './errors.ts';

/** What the system says of a file or folder that decides who may change it. */
export interface Access {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Who may change it without anybody else being in question. */
export interface Accounts {
  readonly uids: readonly number[];
  readonly gids: readonly number[];
}

const WORLD_WRITABLE = 0o002;
const GROUP_WRITABLE = 0o020;

/** Root, and the account that this process runs as. */
export function ownAccounts(): Accounts {
  return { uids: [0, process.geteuid?.() ?? 0], gids: [0, process.getegid?.() ?? 0] };
}

/** Why accounts other than `trusted` may change it; undefined when none may. An ACL shows in the mode, as the group's rights. */
export function findWriters({ uid, gid, mode }: Access, trusted: Accounts): string | undefined {
  if (mode & WORLD_WRITABLE) return 'everyone may write to it';
  if (!trusted.uids.includes(uid)) return `it belongs to the user with the ID ${uid}`;
  if (mode & GROUP_WRITABLE && !trusted.gids.includes(gid)) return `its group, ${gid}, may write to it`;
  return undefined;
}

/** Throws a ConfigError when everyone may write to a file that decides what root does; `what` says what it is. */
export function refuseWorldWritable(what: string, path: string, mode: number): void {
  if (!(mode & WORLD_WRITABLE)) return;
  throw new ConfigError(`${what} ${path} is not used: everyone may write to it`, {
    remedy: `Make sure that its content is yours, then run: chmod go-w ${quote(path)}`,
  });
}
