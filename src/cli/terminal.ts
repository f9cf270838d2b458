import { closeSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { hasCode, TwinDbError } from '../errors.ts';
import { escapeInLines } from '../foreign-text.ts';
import type { LogLevel, LogSink } from '../log.ts';

/** The columns of a terminal that does not say it: a serial console says 0. */
export const UNKNOWN_WIDTH = 80;

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

/**
 * INFO goes to stdout, and only when a person reads it; everything else to stderr (contract: silence is success), and with
 * `debug` INFO too where nobody reads stdout: among the details it says which step they are of. Whoever has named a file must not
 * command the terminal of who reads its name.
 */
export function createSink(terminal: Terminal, debug = false): LogSink {
  return (level, message) => {
    const isForStdout = level === 'info' && terminal.stdoutIsTerminal;
    if (level === 'info' && !isForStdout && !debug) return;
    const { text, sgr } = LABELS[level];
    const label = level === 'info' && !isForStdout ? 'INFO: ' : text;
    terminal.beforeMessage();
    writeAll(isForStdout ? 1 : 2, `${paint(terminal, sgr, label)}${escapeInLines(message)}\n`);
  };
}

/**
 * Writes lines of results to stdout. On a terminal what steers it is escaped there too: much of a result is what a destination
 * or a status holds. A script gets every line as it is.
 */
export function createPrinter(terminal: Terminal): (line: string) => void {
  return (line) => {
    terminal.beforeMessage();
    writeAll(1, `${terminal.stdoutIsTerminal ? escapeInLines(line) : line}\n`);
  };
}

/** How long a stderr that takes nothing may hold up the work and its cleaning up, in milliseconds. */
const STDERR_PATIENCE_MS = 5000;

const RETRY_MS = 10;

/** Whoever read this has gone: `ls | head`, a terminal that was closed. There is no one left to tell. */
const READER_HAS_GONE: readonly string[] = ['EPIPE', 'EIO'];

/** Set when stderr took nothing for too long: what follows is not worth the same wait each time. */
let isStderrStuck = false;

/**
 * Writes at once and whole, so that nothing is lost when the process ends right after. On stderr it never throws:
 * a message that no one gets must not end the cleaning up that it tells of. Throws a TwinDbError when stdout takes no
 * more (a full disk), for then the result is not whole.
 */
export function writeAll(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  let lastProgress = Date.now();
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(fd, bytes, offset);
      lastProgress = Date.now();
      if (fd === 2) isStderrStuck = false;
    } catch (cause) {
      if (hasCode(cause, ...READER_HAS_GONE)) return;
      if (!hasCode(cause, 'EAGAIN')) {
        if (fd === 2) return;
        throw new TwinDbError('Cannot write to stdout', { cause });
      }
      // A pipe whose reader is slow; it takes more in a moment.
      if (fd === 2 && (isStderrStuck || Date.now() - lastProgress > STDERR_PATIENCE_MS)) {
        isStderrStuck = true;
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** Of stdin, stdout and stderr, those that were terminals when the process began. */
const TERMINALS = [0, 1, 2].filter((fd) => isatty(fd));

/**
 * To be called right before the process exits: Node restores the settings of its terminals then, and aborts with a
 * core dump when one has been closed meanwhile. It passes over descriptors that are no longer open.
 */
export function letGoOfClosedTerminals(): void {
  for (const fd of TERMINALS) if (!isatty(fd)) closeSync(fd);
}
