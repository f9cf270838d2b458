import { quoteLocation } from '../copies/quote-location.ts';
import type { Progress } from '../jobs/job-context.ts';
import { openDrawing } from './drawing.ts';
import { describe } from './progress-text.ts';
import { Rate } from './rate.ts';
import { paint, type Terminal, UNKNOWN_WIDTH, writeAll } from './terminal.ts';

const REDRAW_MS = 200;

/** Most steps without bytes are over before anyone wonders what is going on. Milliseconds. */
const STEP_SHOWS_AFTER_MS = 2000;

/**
 * Back to the first column and clear to the end of the screen (ECMA-48, ED). The cursor waits in the first column: when a terminal becomes narrower
 * it breaks a line that was drawn before, and the cursor stays at the beginning of all of it.
 */
const CLEAR = '\r\x1b[J';

interface Line {
  readonly text: (now: number) => string;
  /** Milliseconds since the epoch. */
  readonly showsAfter: number;
}

/**
 * One line on the terminal that shows how far the work has come; of several that have begun, the last one. It is drawn by a timer, so that the bytes
 * are only counted, and is cleared for messages and at its end.
 */
export function createProgress(terminal: Terminal): Progress {
  const lines = new Set<Line>();
  let timer: NodeJS.Timeout | undefined;
  let isDrawn = false;
  let write: ((text: string) => void) | undefined;
  const clear = (): void => {
    if (isDrawn) writeAll(2, CLEAR);
    isDrawn = false;
  };
  const draw = (): void => {
    const now = Date.now();
    const line = [...lines].findLast(({ showsAfter }) => showsAfter <= now);
    if (line === undefined) return;
    write ??= openDrawing();
    isDrawn = true;
    write(`${CLEAR}${paint(terminal, 36, line.text(now))}\r`);
  };
  terminal.beforeMessage = clear;
  return {
    begin(title, totalBytes, { phase = '', isGuess = false, isStep = false } = {}) {
      const started = Date.now();
      const rate = new Rate();
      let bytes = 0;
      const line: Line = {
        showsAfter: started + (isStep ? STEP_SHOWS_AFTER_MS : 0),
        text: (now) =>
          describe(
            {
              phase,
              title: quoteLocation(title),
              bytes: isStep ? undefined : bytes,
              total: totalBytes,
              isGuess,
              rate: rate.note(now, bytes),
              seconds: (now - started) / 1000,
            },
            process.stderr.columns || UNKNOWN_WIDTH,
          ),
      };
      lines.add(line);
      timer ??= setInterval(draw, REDRAW_MS);
      if (!isStep) draw();
      return {
        advance(count) {
          bytes += count;
        },
        end() {
          lines.delete(line);
          clear();
          if (lines.size > 0) return;
          clearInterval(timer);
          timer = undefined;
        },
      };
    },
  };
}
