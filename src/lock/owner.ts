import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Field 22 of /proc/PID/stat: clock ticks since boot at which the process started; with the PID it tells a process
 * from a later one that got the same number. Undefined when there is no such process. Source: proc(5).
 */
function startTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets, which may itself hold blanks and brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** A fresh file name that tells which process of this machine is writing: `PID-STARTTIME-RANDOM`. */
export function newPartialName(): string {
  return `${process.pid}-${startTime(process.pid) ?? '0'}-${randomBytes(8).toString('hex')}`;
}

/** Whether the process that chose this name with `newPartialName` is still running. Foreign names have no live owner. */
export function isOwnerAlive(partialName: string): boolean {
  const match = /^(\d+)-(\d+)-[0-9a-f]+/.exec(partialName);
  return match !== null && startTime(Number(match[1])) === match[2];
}
