import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** Lines kept: enough to show the cause, little enough to read. */
const MAX_LINES = 25;
const MAX_LINE_LENGTH = 500;

/** Drains a program's stderr, so that it never blocks, and keeps its last lines. */
export class StderrTail {
  readonly lines: string[] = [];
  /** Resolves when stderr has ended. */
  readonly ended: Promise<unknown>;
  readonly #onLine: ((line: string) => void) | undefined;
  #unfinished = '';

  constructor(stderr: Readable, onLine?: (line: string) => void) {
    this.#onLine = onLine;
    stderr.setEncoding('utf8');
    stderr.on('data', (text: string) => this.#take(text));
    this.ended = once(stderr, 'close').finally(() => this.#keep(this.#unfinished));
    // An error on stderr says nothing about the program's work; its exit code does.
    this.ended.catch(() => undefined);
  }

  #take(text: string): void {
    const parts = (this.#unfinished + text).split(/[\r\n]+/);
    this.#unfinished = (parts.pop() ?? '').slice(-MAX_LINE_LENGTH);
    for (const part of parts) this.#keep(part);
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    const kept = line.slice(0, MAX_LINE_LENGTH);
    this.lines.push(kept);
    this.#onLine?.(kept);
    if (this.lines.length > MAX_LINES) this.lines.shift();
  }
}
