import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { TwinDbError } from '../../errors.ts';
import { DUMP_ENDS } from '../../mysql/replay/dump-program.ts';
import { runPipeline } from '../../pipeline/run-pipeline.ts';
import type { Program } from '../../process/program.ts';

/** Bytes at the end of a dump that its last line is in. */
const TAIL = 200;

/**
 * Writes what a program dumps to a new file, for this user alone, and returns its size in bytes. Throws what the program failed with, and a TwinDbError
 * when the dump is not complete although the program says so.
 */
export async function dumpInto(path: string, program: Program, signal: AbortSignal): Promise<number> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
  await runPipeline([program, file], signal);
  await using handle = await open(path);
  const { size } = await handle.stat();
  const { buffer } = await handle.read({ buffer: Buffer.alloc(TAIL), position: Math.max(0, size - TAIL) });
  if (buffer.includes(`\n${DUMP_ENDS}`)) return size;
  throw new TwinDbError(`${program.command} wrote no complete dump, although it says that it succeeded`);
}
