import { Writable } from 'node:stream';
import type { StreamedLog } from '../../catalogue/streamed-logs.ts';
import { nameOfKey } from '../../copies/key.ts';
import type { StreamedPart } from '../../copies/streamed-part.ts';
import { codeOf, IntegrityError, ObjectNotFoundError, ProcessError, TwinDbError } from '../../errors.ts';
import { type JobContext, NO_PROGRESS } from '../job-context.ts';
import { readCopy } from '../read-copy.ts';

/** How many parts are read at once, and how many bytes of a log they may hold together: most are small, and a link has its delay for each. */
const AT_ONCE = 8;
const BYTES_AT_ONCE = 16 << 20;

/** A part is not what its name says, or cannot be decrypted or decompressed although others of the log can be. */
export class DamagedPartError extends IntegrityError {
  readonly part: StreamedPart;

  constructor(part: StreamedPart, location: string, cause: unknown) {
    super(`${location}, a part of a binary log, is damaged`, { cause });
    this.part = part;
  }
}

/** Gets the bytes of a log in their order. What it throws of a kind that `isDamage` knows is a fault of the part at hand. */
type Take = (bytes: Buffer) => Promise<void> | void;

/**
 * Reads the parts of a log, as `listStreamedLogs` found them, from its beginning on; bytes that two of them have come once. A few parts are read at once. Throws a
 * DamagedPartError, and an ObjectNotFoundError when a part was deleted since: then the log is stored as a whole.
 */
export async function feedParts(
  { parts }: Pick<StreamedLog, 'parts'>,
  take: Take,
  context: JobContext,
): Promise<void> {
  let end = 0;
  /** Passes on what of a part is new. */
  const following = (part: StreamedPart): Take => {
    let skip = end - part.from;
    return async (bytes) => {
      const rest = bytes.subarray(skip);
      skip -= bytes.length - rest.length;
      if (rest.length > 0) await take(rest);
    };
  };
  for (const batch of batchesOf(parts)) {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      await readPart(only, following(only), end > 0, context);
      end = only.to;
      continue;
    }
    const read = await Promise.allSettled(batch.map((part) => collect(part, end > 0, context)));
    for (const [index, part] of batch.entries()) {
      const outcome = read[index];
      const pass = following(part);
      // Once more, as only now it is known whether those before it could be read. Nothing of a damaged one is passed on.
      const pieces = outcome?.status === 'fulfilled' ? outcome.value : await collect(part, end > 0, context);
      await blaming(part, end > 0, context, async () => {
        for (const bytes of pieces) await pass(bytes);
      });
      end = part.to;
    }
  }
}

/** Neighbours that may be in memory together; what is larger than that is alone, and passes through. */
function* batchesOf(parts: readonly StreamedPart[]): Generator<readonly StreamedPart[]> {
  let batch: StreamedPart[] = [];
  let bytes = 0;
  for (const part of parts) {
    const more = part.to - part.from;
    if (batch.length > 0 && (batch.length === AT_ONCE || bytes + more > BYTES_AT_ONCE)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(part);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

async function collect(part: StreamedPart, isLater: boolean, context: JobContext): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  await readPart(part, (bytes) => void pieces.push(bytes), isLater, context);
  return pieces;
}

/** Reads one part. `isLater`: parts of the same log could be read before it. */
export async function readPart(
  part: StreamedPart,
  take: Take,
  isLater: boolean,
  context: JobContext,
): Promise<void> {
  const { destination } = context;
  const location = destination.locate(part.key);
  const object = { key: part.key, size: part.size, modified: new Date(0) };
  const found = { destination, object, location, parsed: { name: nameOfKey(part.key) } };
  const expected = part.to - part.from;
  let taken = 0;
  const sink = new Writable({
    highWaterMark: 1 << 20,
    write(bytes: Buffer, _encoding, done) {
      taken += bytes.length;
      if (taken > expected) done(new IntegrityError(`it has more than the ${expected} bytes of its name`));
      else Promise.resolve(take(bytes)).then(() => done(), done);
    },
  });
  await blaming(part, isLater, context, async () => {
    // There are thousands of them: a line for each tells nobody anything. A signal of its own each, as Node warns of many listeners.
    const signal = AbortSignal.any([context.signal]);
    await readCopy(found, {}, [sink], { ...context, signal, progress: NO_PROGRESS });
    if (taken !== expected)
      throw new IntegrityError(`it has ${taken} bytes of a binary log, where its name says ${expected}`);
  });
}

/** Runs what reads a part, and names the part where that fails. */
async function blaming(
  part: StreamedPart,
  isLater: boolean,
  { destination, signal }: JobContext,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof DamagedPartError || cause instanceof ObjectNotFoundError) throw cause;
    const location = destination.locate(part.key);
    if (isDamage(cause, isLater)) throw new DamagedPartError(part, location, cause);
    throw new TwinDbError(`Cannot read ${location}, a part of a binary log`, { cause });
  }
}

/** A program that could read the parts before it, as gpg with its key, fails at a part by what is in it. */
function isDamage(error: unknown, isLater: boolean): boolean {
  if (error instanceof IntegrityError || error instanceof RangeError) return true;
  return /^Z(STD)?_/.test(codeOf(error) ?? '') || (isLater && error instanceof ProcessError);
}
