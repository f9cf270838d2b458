import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { StreamedLog } from '../../catalogue/streamed-logs.ts';
import { nameOfKey } from '../../copies/key.ts';
import type { StreamedPart } from '../../copies/streamed-part.ts';
import { IntegrityError } from '../../errors.ts';
import { LastEnd } from '../../mysql/binlog/last-end.ts';
import type { JobContext } from '../job-context.ts';
import { readCopy } from '../read-copy.ts';

/** A log that was joined from its parts. */
export interface JoinedLog {
  /** Bytes of the file: the log up to the end of its last complete transaction. */
  readonly size: number;
  /** Bytes behind that, of a transaction whose end is not stored. */
  readonly dropped: number;
}

/** Only the user who restores may read it. */
const FILE_MODE = 0o600;

/**
 * Joins the parts of a log, as `listStreamedLogs` found them, to the file `path`, which must not exist. It has the log from its beginning up to the end of the
 * last complete transaction before a hole, or before the last part: what is behind that is dropped. Of a log that the server has ended
 * nothing is. Throws an IntegrityError that names a part which is not what its name says, or is damaged, and an ObjectNotFoundError when a part was
 * deleted since: then the log is stored as a whole, so look at the status again. The file is of no use then, and is left to the caller
 * to remove.
 */
export async function readStreamedLog(
  log: StreamedLog,
  path: string,
  context: JobContext,
): Promise<JoinedLog> {
  await using file = await open(path, 'wx', FILE_MODE);
  const lastEnd = new LastEnd();
  let size = 0;
  for (const part of log.parts) {
    await readPart(part, new Appender(file, size - part.from, lastEnd), context);
    size = part.to;
  }
  await file.truncate(lastEnd.end);
  await file.sync();
  return { size: lastEnd.end, dropped: size - lastEnd.end };
}

async function readPart(part: StreamedPart, appender: Appender, context: JobContext): Promise<void> {
  const { destination } = context;
  const location = destination.locate(part.key);
  const object = { key: part.key, size: part.size, modified: new Date(0) };
  const found = { destination, object, location, parsed: { name: nameOfKey(part.key) } };
  await readCopy(found, {}, [appender], context);
  const expected = part.to - part.from;
  if (appender.taken !== expected) {
    throw new IntegrityError(
      `${location} has ${appender.taken} bytes of a binary log, where its name says ${expected}`,
    );
  }
}

/** Adds bytes to a file, but for the first ones, which it has already. */
class Appender extends Writable {
  readonly #file: FileHandle;
  readonly #lastEnd: LastEnd;
  #skip: number;
  #taken = 0;

  constructor(file: FileHandle, skip: number, lastEnd: LastEnd) {
    super({ highWaterMark: 1 << 20 });
    this.#file = file;
    this.#skip = skip;
    this.#lastEnd = lastEnd;
  }

  /** Bytes that came, with those that were left out. */
  get taken(): number {
    return this.#taken;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#taken += bytes.length;
    const rest = bytes.subarray(this.#skip);
    this.#skip -= bytes.length - rest.length;
    try {
      this.#lastEnd.feed(rest);
    } catch (cause) {
      callback(new IntegrityError('it is no binary log', { cause }));
      return;
    }
    this.#file.writeFile(rest).then(() => callback(), callback);
  }
}
