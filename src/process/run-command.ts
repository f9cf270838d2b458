import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { startChild } from './child.ts';
import type { Program } from './program.ts';

/** What it prints is kept up to here, in bytes. */
const MAX_OUTPUT = 64 << 10;

/** How long the end of its output is waited for when it has ended, in milliseconds: what it has left in the background may hold that open for ever. */
const OUTPUT_GRACE_MS = 500;

/**
 * Runs a command of the operator's and returns the beginning of what it wrote to stdout. Waits for the command only, not for what it
 * leaves in the background. The signal ends it. Throws the ProcessError of a failure, and the signal's reason when that has aborted.
 */
export async function runCommand(program: Program, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const child = startChild(program, 'ignore', 'pipe');
  const stdout = child.process.stdout as Readable;
  const output: Buffer[] = [];
  let missing = MAX_OUTPUT;
  stdout.on('data', (chunk: Buffer) => {
    if (missing > 0) output.push(chunk.subarray(0, missing));
    missing -= chunk.length;
  });
  const closed = new Promise((resolve) => stdout.once('error', resolve).once('close', resolve));
  const kill = (): void => void child.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const failure = await child.failure;
    signal.throwIfAborted();
    if (failure !== undefined) throw failure;
    await Promise.race([closed, delay(OUTPUT_GRACE_MS)]);
    return Buffer.concat(output).toString();
  } finally {
    signal.removeEventListener('abort', kill);
    stdout.destroy();
    child.process.stderr?.destroy();
  }
}
