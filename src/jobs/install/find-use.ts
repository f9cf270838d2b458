import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { quoteLocation } from '../../copies/quote-location.ts';
import { isOutside } from '../../mysql/copy/server-layout.ts';

/** What a server has open or locked while it runs, in whatever container it is. */
const KEY_FILES = /^(ibdata\d+|ib_logfile\d+|aria_log_control|mysql\.ibd|undo_?\d{3})$/;

const SERVER_PROGRAM = /^(mysqld|mariadbd)/;

/** How long a socket may take to answer, in milliseconds. */
const PATIENCE_MS = 2000;

/**
 * Who is at work on the data of a server: a process that may write to a file of theirs, a lock on one, a server that a pid file names, or one
 * that answers on a socket there. `outside` are files beside the data directory. Undefined: nobody that can be seen from here.
 */
export async function findUse(datadir: string, outside: readonly string[]): Promise<string | undefined> {
  const entries = await readdir(datadir).catch((): string[] => []);
  const names = entries.filter((name) => KEY_FILES.test(name)).map((name) => join(datadir, name));
  const files = new Map<string, string>();
  for (const path of [...names, ...outside]) {
    const stats = await lstat(path, { bigint: true }).catch(() => undefined);
    if (stats?.isFile()) files.set(`${stats.dev}:${stats.ino}`, path);
  }
  return (
    (await findProcess(datadir, files)) ??
    (await findLock(files)) ??
    (await findPidFile(datadir, entries)) ??
    (await findSocket(datadir, entries))
  );
}

async function findProcess(datadir: string, files: ReadonlyMap<string, string>): Promise<string | undefined> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const path = await findOpenFile(pid, datadir, files);
    if (path !== undefined) return `${await programOf(pid)}, process ${pid}, has ${quoteLocation(path)} open`;
  }
  return undefined;
}

/** A file of the data that a process may write to: by its path, or, as a container has other paths, by its number. */
async function findOpenFile(
  pid: string,
  datadir: string,
  files: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const folder = `/proc/${pid}/fd`;
  // Processes end while they are looked at.
  for (const fd of await readdir(folder).catch(() => [])) {
    const path = await readlink(`${folder}/${fd}`).catch(() => '');
    if (!path.startsWith('/') || path.endsWith(' (deleted)')) continue;
    const known = isOutside(path, datadir) ? await lookUp(`${folder}/${fd}`, files) : path;
    if (known !== undefined && (await mayWrite(pid, fd))) return known;
  }
  return undefined;
}

async function lookUp(link: string, files: ReadonlyMap<string, string>): Promise<string | undefined> {
  const stats = files.size === 0 ? undefined : await stat(link, { bigint: true }).catch(() => undefined);
  return stats && files.get(`${stats.dev}:${stats.ino}`);
}

/** The flags that a file was opened with, in octal; the last two bits are 0 when it is only read. Source: proc_pid_fdinfo(5). */
async function mayWrite(pid: string, fd: string): Promise<boolean> {
  const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'latin1').catch(() => '');
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

async function programOf(pid: string): Promise<string> {
  return quoteLocation((await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() || 'a program');
}

/** `1: POSIX  ADVISORY  WRITE 708 fe:01:1234 0 EOF`, the device in hex. Source: proc_locks(5). */
async function findLock(files: ReadonlyMap<string, string>): Promise<string | undefined> {
  const locks = await readFile('/proc/locks', 'latin1').catch(() => '');
  for (const line of locks.split('\n')) {
    const [, pid, major = '', minor = '', inode] = / (-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? [];
    if (inode === undefined) continue;
    const path = files.get(`${deviceOf(Number.parseInt(major, 16), Number.parseInt(minor, 16))}:${inode}`);
    if (path !== undefined) return `process ${pid} holds a lock on ${quoteLocation(path)}`;
  }
  return undefined;
}

/** The number that stat(2) gives to a device. Source: makedev(3) of glibc. */
function deviceOf(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (
    ((high & 0xff_ff_f0_00n) << 32n) |
    ((high & 0xfffn) << 8n) |
    ((low & 0xff_ff_ff_00n) << 12n) |
    (low & 0xffn)
  );
}

async function findPidFile(datadir: string, entries: readonly string[]): Promise<string | undefined> {
  for (const name of entries.filter((each) => each.endsWith('.pid'))) {
    const path = join(datadir, name);
    const stats = await lstat(path).catch(() => undefined);
    if (!stats?.isFile() || stats.size > 64) continue;
    const pid = (await readFile(path, 'latin1').catch(() => '')).trim();
    if (!/^\d+$/.test(pid)) continue;
    // A file that a crash has left names a process of long ago, or by now another program.
    const program = await programOf(pid);
    if (SERVER_PROGRAM.test(program))
      return `${program}, process ${pid}, is the one in ${quoteLocation(path)}`;
  }
  return undefined;
}

async function findSocket(datadir: string, entries: readonly string[]): Promise<string | undefined> {
  for (const name of entries.filter((each) => /\.sock(et)?$/.test(each))) {
    const path = join(datadir, name);
    if (await answers(path)) return `a server answers on ${quoteLocation(path)}`;
  }
  return undefined;
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.setTimeout(PATIENCE_MS, () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
