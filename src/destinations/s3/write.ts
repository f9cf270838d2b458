import { IntegrityError } from '../../errors.ts';
import type { WriteOptions } from '../destination.ts';
import { checkGrowth, choosePlan } from './choose-plan.ts';
import { type S3Bucket, storage } from './client.ts';
import { createMultipart } from './multipart.ts';
import { createPartCutter, type PartCutter } from './part-cutter.ts';
import type { PartPlan } from './part-plan.ts';
import { deleteObject, findObject, putObject, type S3Head } from './requests.ts';

/** The work behind the stream: bytes come, and become an object or nothing. Never more than one call at a time, but for `undo`. */
export interface S3Write {
  add(chunk: Buffer): Promise<void>;
  commit(): Promise<void>;
  /** Ends whatever is under way and removes it, also an object that `commit` has made but nobody was told of. */
  undo(): Promise<void>;
}

/**
 * Writes an object as one request when it is smaller than a part, else as a multipart upload.
 *
 * Our own loop and not lib-storage: that one has a single part size per upload, so that 512 GiB would need 53 MiB
 * from the first part on, and when aborted it does not wait for the parts that are under way, which are then stored
 * after the upload was cleaned up. `fail` is called when a part fails while nobody is waiting for it.
 */
export function startWrite(
  bucket: S3Bucket,
  key: string,
  options: WriteOptions,
  fail: (error: unknown) => void,
): S3Write {
  const { config, tuning } = bucket;
  const how = storage(config, options);
  const aborting = new AbortController();
  const { signal } = aborting;
  const patience = new AbortController();
  const multipart = createMultipart(bucket, key, { how, signal, patience: patience.signal, fail });
  let cutting: { readonly plan: PartPlan; readonly cutter: PartCutter } | undefined;
  let written = 0;
  let busy: Promise<void> = Promise.resolve();
  /** Set when the request that makes the object visible is sent. */
  let commitment: { readonly before: S3Head | undefined; etag?: string } | undefined;

  const startCutting = async () => {
    const plan = await choosePlan(bucket, key, options, signal);
    const { concurrency } = config;
    return { plan, cutter: createPartCutter({ plan, concurrency, signal }, (part) => multipart.send(part)) };
  };

  const add = async (chunk: Buffer): Promise<void> => {
    signal.throwIfAborted();
    cutting ??= await startCutting();
    const before = written;
    written += chunk.length;
    checkGrowth(bucket, key, cutting.plan, { before, after: written });
    await cutting.cutter.add(chunk);
  };

  const commit = async (): Promise<void> => {
    signal.throwIfAborted();
    const last = cutting?.cutter.last();
    if (multipart.isBegun() && last && last.bytes.length > 0) await multipart.send(last);
    await multipart.whenSent();
    const before = await findObject(bucket, key, signal);
    signal.throwIfAborted();
    commitment = { before };
    if (multipart.isBegun()) {
      await multipart.complete();
      await checkSize();
      await multipart.removeMarker();
    } else {
      // No check of the size: the server has compared body, length and signed SHA-256 before it said yes.
      const body = last?.bytes ?? Buffer.alloc(0);
      commitment.etag = await putObject(bucket, key, body, how, patience.signal);
    }
  };

  const checkSize = async (): Promise<void> => {
    const head = await findObject(bucket, key, signal);
    if (head?.size === written) return;
    await deleteObject(bucket, key, patience.signal);
    throw new IntegrityError(
      `s3://${config.bucket}/${key} has ${head?.size ?? 'no'} bytes on the server, ${written} were sent; it was deleted`,
    );
  };

  const undo = async (): Promise<void> => {
    aborting.abort();
    const timer = setTimeout(() => patience.abort(), tuning.cleanUpMs);
    await busy;
    await multipart.whenIdle();
    clearTimeout(timer);
    const limit = AbortSignal.timeout(tuning.cleanUpMs);
    if (commitment && !commitment.before) await withdraw(commitment.etag, limit);
    await multipart.abort(limit);
  };

  /** Where another object was replaced, the new one stays: it is whole, and the old one is gone. */
  const withdraw = async (etag: string | undefined, limit: AbortSignal): Promise<void> => {
    const head = await findObject(bucket, key, limit);
    if (head && (etag === undefined || etag === head.etag)) await deleteObject(bucket, key, limit);
  };

  /** `undo` waits for the step that is under way. */
  const track = (work: Promise<void>): Promise<void> => {
    busy = work.catch(() => {});
    return work;
  };
  return { add: (chunk) => track(add(chunk)), commit: () => track(commit()), undo };
}
