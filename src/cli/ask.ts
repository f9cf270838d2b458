import { createInterface } from 'node:readline';
import type { CommandContext } from '../commands/command.ts';
import { escapeInLines } from '../foreign-text.ts';
import { type Terminal, writeAll } from './terminal.ts';

/**
 * Asks the person at the terminal, on stderr: stdout is for results. Undefined where nobody can answer. The answer is a line without
 * blanks around it, or nothing where the input ended. Rejects with the reason of `signal` when that comes.
 */
export function openAsk(terminal: Terminal, signal: AbortSignal): CommandContext['ask'] {
  if (!process.stdin.isTTY || !terminal.stderrIsTerminal) return undefined;
  return async (question) => {
    signal.throwIfAborted();
    terminal.beforeMessage();
    writeAll(2, `${escapeInLines(question)} `);
    // Ctrl-C stays a signal: readline as a terminal of its own would take it for a key.
    const lines = createInterface({ input: process.stdin, terminal: false });
    try {
      return await new Promise<string>((resolve, reject) => {
        lines.once('line', (line) => {
          lines.removeAllListeners('close');
          resolve(line.trim());
        });
        lines.once('close', () => {
          // The line of the question is still open.
          writeAll(2, '\n');
          resolve('');
        });
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    } finally {
      lines.close();
      process.stdin.pause();
    }
  };
}
