import { text } from 'node:stream/consumers';
import type { Program } from './program.ts';
import { ProgramStream } from './program-stream.ts';

/** Runs a program that says little and returns what it wrote to stdout. Throws the ProcessError of a failure. */
export function captureOutput(program: Program): Promise<string> {
  return text(new ProgramStream([program], { readable: true, writable: false }));
}
