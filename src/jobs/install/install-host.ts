import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { hasCode } from '../../errors.ts';

/** Who has a folder, and who may do what with it. */
interface Ownership {
  /** As chown takes it: `mysql:mysql`, or by numbers where they have no names in the files of this host. */
  readonly owner: string;
  readonly uid: number;
  /** The permission bits. */
  readonly mode: number;
}

/** What has to be known of the host on which restored data are put into place. */
export interface InstallHost {
  readonly exists: (path: string) => boolean;
  /** The names in a folder; none when it cannot be read. */
  readonly list: (folder: string) => readonly string[];
  readonly isMountPoint: (path: string) => boolean;
  /** The path without symbolic links, as far as it exists. */
  readonly realPath: (path: string) => string;
  /** Undefined: it is absent. */
  readonly ownershipOf: (path: string) => Ownership | undefined;
  /** Whether files have SELinux labels here. */
  readonly hasLabels: boolean;
}

/** Is there where the kernel has SELinux at work. Source: selinux(8). */
const SELINUX = '/sys/fs/selinux/enforce';

/** This host. What cannot be read counts as absent. */
export const THIS_HOST: InstallHost = {
  exists: (path) => attempt(() => lstatSync(path) !== undefined, false),
  list: (folder) => attempt(() => readdirSync(folder).toSorted(), []),
  isMountPoint: (path) =>
    attempt(() => lstatSync(path).dev !== lstatSync(dirname(path)).dev, false) ||
    attempt(() => listMountPoints().includes(realpathSync(path)), false),
  realPath,
  ownershipOf: (path) =>
    attempt(() => {
      const { uid, gid, mode } = lstatSync(path);
      const owner = `${nameOf(uid, '/etc/passwd')}:${nameOf(gid, '/etc/group')}`;
      return { owner, uid, mode: mode & 0o7777 };
    }, undefined),
  hasLabels: existsSync(SELINUX),
};

/** A path that is not there yet may be below a link all the same, and a link may lead to what is not there just now. */
function realPath(path: string): string {
  const found = attempt(() => realpathSync(path), undefined);
  if (found !== undefined || path === '/') return found ?? path;
  const target = attempt(() => readlinkSync(path), undefined);
  // One that leads to itself has no target.
  if (target !== undefined && !leadsNowhere(path)) return realPath(resolve(dirname(path), target));
  return join(realPath(dirname(path)), basename(path));
}

/** Whether following the link never ends. */
function leadsNowhere(path: string): boolean {
  try {
    realpathSync(path);
    return false;
  } catch (error) {
    return hasCode(error, 'ELOOP');
  }
}

/** The name that a number has in one of the two files, else the number. Source: passwd(5), group(5). */
function nameOf(id: number, file: string): string {
  const lines = attempt(() => readFileSync(file, 'utf8'), '').split('\n');
  const line = lines.find((each) => each.split(':')[2] === String(id));
  return line?.split(':')[0] || String(id);
}

/** The mount points of this process. A bind mount within one file system has the same device number. Source: proc_pid_mountinfo(5), field 5. */
export function listMountPoints(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replaceAll(/\\(\d{3})/g, (_code, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    );
}

function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
