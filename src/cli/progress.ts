import stringWidth from 'string-width';
import { quoteLocation } from '../copies/quote-location.ts';
import type { Progress } from '../jobs/job-context.ts';
import { formatBytes, formatDuration } from '../units.ts';
import { paint, type Terminal, writeAll } from './terminal.ts';

const REDRAW_MS = 200;

/** A serial console says 0 columns. */
const UNKNOWN_WIDTH = 80;

/** Back to the first column and clear to the end of the line (ECMA-48, EL). */
const CLEAR_LINE = '\r\x1b[K';

/** One line on the terminal that shows bytes, rate, elapsed time and share of the whole. */
export function createProgress(terminal: Terminal): Progress {
  return {
    begin(title, totalBytes) {
      const started = Date.now();
      let bytes = 0;
      const draw = () => {
        const text = describe(quoteLocation(title), bytes, (Date.now() - started) / 1000, totalBytes);
        writeAll(
          2,
          `${CLEAR_LINE}${paint(terminal, 36, fit(text, process.stderr.columns || UNKNOWN_WIDTH))}`,
        );
      };
      const timer = setInterval(draw, REDRAW_MS);
      terminal.beforeMessage = () => writeAll(2, CLEAR_LINE);
      draw();
      return {
        advance(count) {
          bytes += count;
        },
        end() {
          clearInterval(timer);
          writeAll(2, CLEAR_LINE);
          terminal.beforeMessage = () => undefined;
        },
      };
    },
  };
}

/** The text of the line; `seconds` have elapsed. */
export function describe(
  title: string,
  bytes: number,
  seconds: number,
  totalBytes: number | undefined,
): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  // A copy can be larger than the last one, whose size is the guess.
  const share = totalBytes ? ` ${Math.min(99, Math.floor((bytes / totalBytes) * 100))}%` : '';
  return `${title}:${share} ${formatBytes(bytes)}, ${formatBytes(rate)}/s, ${formatDuration(seconds)}`;
}

const graphemes = new Intl.Segmenter();

/**
 * A wrapped line could not be cleared; the figures at its end matter more than the path at its start. Counted in columns:
 * East Asian characters take two.
 */
export function fit(text: string, columns: number): string {
  if (stringWidth(text) < columns) return text;
  const kept: string[] = [];
  let room = columns - 2;
  for (const { segment } of [...graphemes.segment(text)].toReversed()) {
    room -= stringWidth(segment);
    if (room < 0) break;
    kept.unshift(segment);
  }
  return `…${kept.join('')}`;
}
