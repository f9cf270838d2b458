import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { uptime } from 'node:os';
import { hasCode } from '../errors.ts';
import { thisMachine } from './machine-id.ts';

/** Nothing of another's that was written to within this time is removed. Milliseconds. */
const PATIENCE_MS = 24 * 3_600_000;

/**
 * What can be said of the process that a name names:
 * - `alive`, `dead`: it runs, or ran, where its PID can be looked up from here;
 * - `earlier boot`: it ran on this machine before the last boot, or runs on a clone that cannot be told from this machine;
 * - `stranger`: another machine, another container, an older version of this tool, or no process at all.
 */
export type OwnerState = 'alive' | 'dead' | 'earlier boot' | 'stranger';

/** Where this process runs; PIDs mean something only to processes with the same answer. */
function here(): { machine: string; boot: string; namespace: string } {
  return {
    machine: thisMachine().id,
    boot: read('/proc/sys/kernel/random/boot_id')?.replaceAll('-', '').slice(0, 8) ?? '0',
    namespace: pidNamespace(),
  };
}

/** The number of the namespace of this process's PID, in hex; 0 where there is no /proc. Source: namespaces(7). */
function pidNamespace(): string {
  try {
    return Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? 0).toString(16);
  } catch {
    return '0';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/**
 * The third field of /proc/PID/stat, the state, and the 22nd: clock ticks since boot at which the process started. With the
 * PID that tells a process from a later one that got the same number. Source: proc(5).
 */
function statOf(process: string): { state: string; start: string } | undefined {
  const stat = read(`/proc/${process}/stat`);
  // The second field is the program's name in brackets, which may itself hold blanks and brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields && { state: fields[0] ?? '', start: fields[19] ?? '' };
}

/**
 * A fresh file name, of less than 70 ASCII characters, that names the process that is writing:
 * `MACHINE-BOOT-NAMESPACE-PID-START-RANDOM`. The name is all that another run has to decide whether to remove the file.
 */
export function newPartialName(): string {
  const { machine, boot, namespace } = here();
  // Not by its number: /proc may show another namespace than the one this process is in.
  const start = statOf('self')?.start ?? '0';
  return [machine, boot, namespace, process.pid, start, randomBytes(4).toString('hex')].join('-');
}

const NAME = /^([0-9a-f]{12})-([0-9a-f]{8})-([1-9a-f][0-9a-f]*)-(\d+)-(\d+)-[0-9a-f]{8}$/;

/** What has become of the process that chose this name with `newPartialName`. */
export function ownerState(partialName: string): OwnerState {
  const [, machine, boot, namespace, pid, start] = NAME.exec(partialName) ?? [];
  const we = here();
  if (machine !== we.machine) return 'stranger';
  if (boot !== we.boot) return 'earlier boot';
  if (namespace !== we.namespace) return 'stranger';
  return isRunning(Number(pid), start ?? '') ? 'alive' : 'dead';
}

function isRunning(pid: number, start: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Otherwise it is there, and belongs to another account.
    if (hasCode(error, 'ESRCH')) return false;
  }
  // Where /proc shows another namespace, or hides the processes of others, there is no more to learn.
  const stat = isProcOurs() ? statOf(String(pid)) : undefined;
  // A zombie writes no more, and in a container nobody may ever wait for it.
  return stat === undefined || (stat.start === start && !'ZX'.includes(stat.state));
}

function isProcOurs(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid);
  } catch {
    return false;
  }
}

/**
 * Whether what bears this name may be removed. `idle` tells for how many milliseconds nothing has been written to it, by the
 * clock that dates it, and is asked only when the name alone does not decide; less than 0 counts as just written.
 *
 * - A live owner's never; a dead one's at once.
 * - A stranger's after a day without a write: not by its age, since an upload may take a week.
 * - That of an earlier boot once it has been idle since before this one. A clone of this machine may have the same ID in
 *   spite of all (see `thisMachine`), and writes at the same time: what it wrote after we booted is left alone for a day, too.
 */
export async function isAbandoned(
  partialName: string,
  idle: () => number | Promise<number>,
  patienceMs = PATIENCE_MS,
): Promise<boolean> {
  const state = ownerState(partialName);
  switch (state) {
    case 'alive':
      return false;
    case 'dead':
      return true;
    case 'earlier boot':
      return (await idle()) > Math.min(patienceMs, uptime() * 1000);
    case 'stranger':
      return (await idle()) > patienceMs;
    default:
      return state satisfies never;
  }
}
