import type { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Program } from '../process/program.ts';
import { ProgramStream } from '../process/program-stream.ts';

/** One step of a pipeline: a program, or a stream of our own. */
export type Stage<S extends Readable | Writable = Duplex> = Program | S;

/** What a pipeline is made of, in the order of the data's way. */
type Stages = readonly [Stage<Readable>, ...Stage[], Stage<Writable>];

/**
 * Moves the bytes of the first stage through all others into the last. Resolves when the last stage has finished,
 * which means that every stage has succeeded. When any stage fails, or `signal` aborts, all are ended, and once the
 * last of them has closed the *first* error is thrown (the signal's reason when it aborted).
 */
export async function runPipeline(stages: Stages, signal: AbortSignal): Promise<void> {
  const streams = joinPrograms(stages);
  // `pipeline` rejects before asynchronous clean-up has ended, so every stage's own `close` is waited for.
  const closed = Promise.allSettled(streams.map(closeOf));
  try {
    await pipeline(streams as unknown as [Readable, Writable], { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await closed;
  }
}

function closeOf(stream: Readable | Writable): Promise<unknown> {
  // `once` would reject on `error`, which comes before `close`.
  stream.on('error', () => undefined);
  return new Promise((resolve) => stream.once('close', resolve));
}

/** Neighbouring programs become one stream, so that their bytes never pass through JavaScript. */
function joinPrograms(stages: Stages): (Readable | Writable)[] {
  const streams: (Readable | Writable)[] = [];
  let programs: Program[] = [];
  const flush = (readable: boolean) => {
    if (programs.length > 0)
      streams.push(new ProgramStream(programs, { readable, writable: streams.length > 0 }));
    programs = [];
  };
  for (const stage of stages) {
    if ('command' in stage) {
      programs.push(stage);
    } else {
      flush(true);
      streams.push(stage);
    }
  }
  flush(false);
  return streams;
}
