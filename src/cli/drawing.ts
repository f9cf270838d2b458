import { constants, openSync, writeSync } from 'node:fs';
import { writeAll } from './terminal.ts';

/**
 * Opens the terminal on stderr for what may as well be left out. Returns a function that writes what the terminal takes at once: the terminal may
 * have been stopped (Ctrl-S), or be at the end of a slow line, and no copy is to wait for that. Our own stderr cannot be made so, as it shares its mode
 * with the shell's.
 */
export function openDrawing(): (text: string) => void {
  let fd: number;
  try {
    fd = openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    // After su(1) the terminal belongs to someone else.
    return (text) => writeAll(2, text);
  }
  return (text) => {
    try {
      writeSync(fd, text);
    } catch {
      // EAGAIN: it takes nothing now. Anything else: nobody is there any more.
    }
  };
}
