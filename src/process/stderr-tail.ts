import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Program } from './program.ts';

/** Lines kept: enough to show the cause, little enough to read. */
const MAX_LINES = 25;
const MAX_LINE_LENGTH = 500;

/** Of a longer line, characters kept of its end: behind a long name it says what is the matter. */
const END_LENGTH = 120;

/** Characters kept of the beginning of a line without end: what is secret in a line is known by what stands before it. */
const MAX_UNFINISHED = 64 << 10;

type Watched = Pick<Program, 'onStderrLine' | 'redact' | 'failureLine'>;

/** Drains a program's stderr, so that it never blocks, and keeps its last lines. */
export class StderrTail {
  readonly lines: string[] = [];
  /** The first line that means failure. */
  failure: string | undefined;
  /** Resolves when stderr has ended. */
  readonly ended: Promise<unknown>;
  readonly #program: Watched;
  #unfinished = '';

  constructor(stderr: Readable, program: Watched) {
    this.#program = program;
    stderr.setEncoding('utf8');
    stderr.on('data', (text: string) => this.#take(text));
    this.ended = once(stderr, 'close').finally(() => this.#keep(this.#unfinished));
    // An error on stderr says nothing about the program's work; its exit code does.
    this.ended.catch(() => undefined);
  }

  #take(text: string): void {
    const parts = (this.#unfinished + text).split(/[\r\n]+/);
    this.#unfinished = (parts.pop() ?? '').slice(0, MAX_UNFINISHED);
    for (const part of parts) this.#keep(part);
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    const { redact, onStderrLine, failureLine } = this.#program;
    const kept = shorten(redact?.(line) ?? line);
    this.lines.push(kept);
    if (failureLine?.test(kept)) this.failure ??= kept;
    onStderrLine?.(kept);
    if (this.lines.length > MAX_LINES) this.lines.shift();
  }
}

function shorten(line: string): string {
  if (line.length <= MAX_LINE_LENGTH) return line;
  return `${line.slice(0, MAX_LINE_LENGTH - END_LENGTH - 1)}…${line.slice(-END_LENGTH)}`;
}
