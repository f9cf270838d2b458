import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { IntegrityError, OutgrownError } from '../../errors.ts';
import { formatBytes } from '../../units.ts';
import type { WriteOptions } from '../destination.ts';
import { type S3Bucket, storage } from './client.ts';
import { memoryOf, type PartPlan, planParts } from './part-plan.ts';
import { deleteObject, findObject } from './requests.ts';
import { startUpload, type TrackedUpload } from './upload.ts';

/** Above this the process may need more than the 550 MB promised for copies of 512 GiB. */
const NOTABLE_MEMORY = 512 * 1024 ** 2;

/** The work behind the stream: bytes come, and become an object or nothing. Never more than one call at a time, but for `undo`. */
export interface S3Write {
  add(chunk: Buffer): Promise<void>;
  commit(): Promise<void>;
  /** Ends whatever is under way and removes it, also an object that `commit` has made but nobody was told of. */
  undo(): Promise<void>;
}

/** Writes an object. `fail` is called when something fails while nobody is waiting for it. */
export function startWrite(
  bucket: S3Bucket,
  key: string,
  options: WriteOptions,
  fail: (error: unknown) => void,
): S3Write {
  const { config, log, tuning } = bucket;
  const place = `s3://${config.bucket}/${key}`;
  const aborting = new AbortController();
  const { signal } = aborting;
  const patience = new AbortController();
  // By chunks: a stream of bytes would join them, to be joined once more to a part.
  const body = new PassThrough({ objectMode: true, highWaterMark: 1 });
  body.on('error', () => {});
  let begun: { readonly plan: PartPlan; readonly upload: TrackedUpload } | undefined;
  let written = 0;
  let busy: Promise<void> = Promise.resolve();

  const begin = () => {
    const plan = tuning.plan ?? planParts(options.expected, config);
    const memory = memoryOf(plan);
    if (memory > NOTABLE_MEMORY) {
      log.warn(`${place} takes parts of ${formatBytes(plan.partSize)} and ${formatBytes(memory)} of memory`);
    }
    const [how, size] = [storage(config, options), () => written];
    const upload = startUpload(bucket, {
      key,
      body,
      plan,
      how,
      size,
      signal,
      fail,
      patience: patience.signal,
    });
    return { plan, upload };
  };

  const add = async (chunk: Buffer): Promise<void> => {
    signal.throwIfAborted();
    const { capacity, remedy } = (begun ??= begin()).plan;
    written += chunk.length;
    if (written > capacity) {
      const message = `there are more than the ${formatBytes(capacity)} that its parts hold`;
      throw new OutgrownError(message, { size: written, remedy });
    }
    if (!body.write(chunk)) await once(body, 'drain', { signal });
  };

  const commit = async (): Promise<void> => {
    signal.throwIfAborted();
    const { upload } = (begun ??= begin());
    body.end();
    await upload.done;
    // No check after a single request: the server has compared body, length and signed SHA-256 before it said yes.
    if (!upload.isMultipart()) return;
    await checkSize();
    await upload.removeMarker(patience.signal);
  };

  const checkSize = async (): Promise<void> => {
    const head = await findObject(bucket, key, signal);
    if (head?.size === written) return;
    await deleteObject(bucket, key, patience.signal);
    throw new IntegrityError(
      `${place} has ${head?.size ?? 'no'} bytes on the server, ${written} were sent; it was deleted`,
    );
  };

  const undo = async (): Promise<void> => {
    aborting.abort();
    // Without an error it would look like an end of the stream.
    body.destroy(new Error('The upload was given up'));
    const timer = setTimeout(() => patience.abort(), tuning.cleanUpMs);
    await busy;
    await begun?.upload.done.catch(() => {});
    clearTimeout(timer);
    await begun?.upload.undo(AbortSignal.timeout(tuning.cleanUpMs));
  };

  /** `undo` waits for the step that is under way. */
  const track = (work: Promise<void>): Promise<void> => {
    busy = work.catch(() => {});
    return work;
  };
  return { add: (chunk) => track(add(chunk)), commit: () => track(commit()), undo };
}
