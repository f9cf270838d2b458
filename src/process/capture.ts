import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Program } from './program.ts';
import { ProgramStream } from './program-stream.ts';

/**
 * Runs a program that says little and returns what it wrote to stdout. The signal ends it. Throws the ProcessError of a
 * failure, and the signal's reason when that has aborted; in any case nothing runs any more then.
 */
export async function captureOutput(program: Program, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  const stream = new ProgramStream([program], { readable: true, writable: false });
  const closed = new Promise((resolve) => stream.once('close', resolve));
  try {
    return await text(signal === undefined ? stream : addAbortSignal(signal, stream));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await closed;
  }
}
