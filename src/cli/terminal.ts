import { writeSync } from 'node:fs';
import type { LogLevel, LogSink } from '../log.ts';

/** The two output streams as this tool sees them. */
export interface Terminal {
  /** Whether a person reads stdout. */
  readonly stdoutIsTerminal: boolean;
  /** Whether a person reads stderr. */
  readonly stderrIsTerminal: boolean;
  readonly colour: boolean;
  /** Called before a message goes out, to clear what else is on the line. */
  beforeMessage: () => void;
}

export function openTerminal(): Terminal {
  return {
    stdoutIsTerminal: process.stdout.isTTY,
    stderrIsTerminal: process.stderr.isTTY,
    // https://no-color.org: set and not empty.
    colour: process.stderr.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
    beforeMessage: () => undefined,
  };
}

const LABELS: { readonly [L in LogLevel]: { readonly text: string; readonly sgr: number } } = {
  debug: { text: 'DEBUG: ', sgr: 2 },
  info: { text: '', sgr: 0 },
  warn: { text: 'WARNING: ', sgr: 33 },
  error: { text: 'ERROR: ', sgr: 31 },
};

/** Puts text in a colour. `sgr` is a parameter of Select Graphic Rendition (ECMA-48). */
export function paint(terminal: Terminal, sgr: number, text: string): string {
  return terminal.colour && text !== '' ? `\x1b[${sgr}m${text}\x1b[0m` : text;
}

/** INFO goes to stdout, and only when a person reads it; everything else to stderr (contract: silence is success). */
export function createSink(terminal: Terminal): LogSink {
  return (level, message) => {
    if (level === 'info' && !terminal.stdoutIsTerminal) return;
    const { text, sgr } = LABELS[level];
    terminal.beforeMessage();
    writeAll(level === 'info' ? 1 : 2, `${paint(terminal, sgr, text)}${message}\n`);
  };
}

/** Writes at once and whole, so that nothing is lost when the process ends right after. */
export function writeAll(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever read this has gone (`ls | head`): there is no one left to tell.
      if (code === 'EPIPE') return;
      // A pipe whose reader is slow; it takes more in a moment.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
