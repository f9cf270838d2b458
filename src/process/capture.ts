import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Program } from './program.ts';
import { ProgramStream } from './program-stream.ts';

/**
 * Runs a program that says little and returns what it wrote to stdout. The signal ends it. Throws the ProcessError of a
 * failure.
 */
export function captureOutput(program: Program, signal?: AbortSignal): Promise<string> {
  const stream = new ProgramStream([program], { readable: true, writable: false });
  return text(signal === undefined ? stream : addAbortSignal(signal, stream));
}
