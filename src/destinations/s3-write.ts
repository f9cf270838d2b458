import { IntegrityError, StorageError } from '../errors.ts';
import { newPartialName } from '../lock/owner.ts';
import type { WriteOptions } from './destination.ts';
import { encryption, type S3Bucket, storage } from './s3-client.ts';
import { markerFor } from './s3-marker.ts';
import { createPartBuffers, type PartBuffers } from './s3-part-buffers.ts';
import { BUFFER_BUDGET, inWords, type PartPlan, planParts } from './s3-part-plan.ts';
import { deleteObject, findObject, putObject, type S3Head } from './s3-requests.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  type S3Part,
  type S3Upload,
  uploadPart,
} from './s3-upload.ts';

/** The work behind the stream: bytes come, and become an object or nothing. Never more than one call at a time, but for `undo`. */
export interface S3Write {
  add(chunk: Buffer): Promise<void>;
  commit(): Promise<void>;
  /** Ends whatever is under way and removes it, also an object that `commit` has made but nobody was told of. */
  undo(): Promise<void>;
}

/** Most objects are small status files: for those a block for many parts is not worth allocating. */
const FIRST_BUFFER = 1024 ** 2;

/** Above this much memory for buffers the process is likely to need more than the 300 MB promised for S3. */
const NOTABLE_MEMORY = 1.25 * BUFFER_BUDGET;

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
  const { config, log, tuning } = bucket;
  const aborting = new AbortController();
  const { signal } = aborting;
  /** For requests whose outcome must be known: they get some time even when the stream is being destroyed. */
  const patience = new AbortController();
  const marker = markerFor(key, newPartialName());

  let plan: PartPlan | undefined;
  let buffers: PartBuffers | undefined;
  let current: Buffer | undefined;
  let filled = 0;
  let written = 0;
  let partNumber = 1;
  let upload: S3Upload | undefined;
  const parts: S3Part[] = [];
  const sending = new Set<Promise<void>>();
  let busy: Promise<void> = Promise.resolve();
  let isMarked = false;
  /** Set when the request that makes the object visible is sent. */
  let commitment: { readonly before: S3Head | undefined; etag?: string } | undefined;

  const choosePlan = async (): Promise<PartPlan> => {
    if (tuning.plan) return tuning.plan;
    const expected = await options.estimate?.(signal);
    signal.throwIfAborted();
    const chosen = planParts(expected, config.partSize);
    if (chosen.memory > BUFFER_BUDGET) {
      const message =
        `s3://${config.bucket}/${key} takes parts of ${inWords(chosen.partSize(2000))} ` +
        `and ${inWords(chosen.memory)} of memory for them`;
      if (chosen.memory > NOTABLE_MEMORY) log.warn(message);
      else log.info(message);
    }
    return chosen;
  };

  const slots = (using: PartPlan): number => Math.min(using.inFlight(partNumber), config.concurrency) + 1;

  const makeRoom = async (using: PartPlan): Promise<Buffer> => {
    buffers ??= createPartBuffers(BUFFER_BUDGET);
    const room = await buffers.lend(using.partSize(partNumber), slots(using));
    signal.throwIfAborted();
    return room;
  };

  const begin = async (): Promise<S3Upload> => {
    signal.throwIfAborted();
    isMarked = true;
    await putObject(bucket, marker, Buffer.alloc(0), encryption(config), patience.signal);
    signal.throwIfAborted();
    upload = await createUpload(bucket, key, storage(config, options), patience.signal);
    signal.throwIfAborted();
    return upload;
  };

  const send = async (buffer: Buffer, size: number): Promise<void> => {
    upload ??= await begin();
    const job = sendPart(upload, partNumber++, buffer, size).finally(() => sending.delete(job));
    sending.add(job);
    job.catch(fail);
  };

  const sendPart = async (to: S3Upload, number: number, buffer: Buffer, size: number): Promise<void> => {
    try {
      parts.push(await uploadPart(bucket, to, number, buffer.subarray(0, size), signal));
    } finally {
      buffers?.give(buffer);
    }
  };

  const add = async (chunk: Buffer): Promise<void> => {
    signal.throwIfAborted();
    plan ??= await choosePlan();
    const was = written;
    written += chunk.length;
    if (written > plan.capacity) {
      throw new StorageError(`there are more than the ${inWords(plan.capacity)} that its parts hold`, {
        remedy: plan.remedy,
      });
    }
    if (was <= plan.planned && written > plan.planned) {
      log.warn(
        `s3://${config.bucket}/${key} is larger than the ${inWords(plan.planned)} reckoned with: ` +
          `its parts grow, and with them the memory used. ${plan.remedy}`,
      );
    }
    for (let rest = chunk; rest.length > 0; ) {
      current ??= Buffer.allocUnsafeSlow(Math.min(FIRST_BUFFER, plan.partSize(partNumber)));
      const taken = rest.copy(current, filled);
      filled += taken;
      rest = rest.subarray(taken);
      if (filled < current.length) continue;
      if (filled < plan.partSize(partNumber)) {
        const room = await makeRoom(plan);
        current.copy(room);
        current = room;
      } else {
        await send(current, filled);
        filled = 0;
        current = rest.length > 0 ? await makeRoom(plan) : undefined;
      }
    }
  };

  const commit = async (): Promise<void> => {
    signal.throwIfAborted();
    const last = current?.subarray(0, filled) ?? Buffer.alloc(0);
    if (upload && current && filled > 0) await send(current, filled);
    await Promise.all(sending);
    const before = await findObject(bucket, key, signal);
    signal.throwIfAborted();
    commitment = { before };
    if (upload) {
      await completeUpload(bucket, upload, parts, patience.signal);
      await checkSize();
    } else {
      // No check of the size: the server has compared body, length and signed SHA-256 before it said yes.
      commitment.etag = await putObject(bucket, key, last, storage(config, options), patience.signal);
    }
    if (isMarked) await removeMarker();
  };

  const checkSize = async (): Promise<void> => {
    const head = await findObject(bucket, key, signal);
    if (head?.size === written) return;
    await deleteObject(bucket, key, patience.signal);
    throw new IntegrityError(
      `s3://${config.bucket}/${key} has ${head?.size ?? 'no'} bytes on the server, ${written} were sent; it was deleted`,
    );
  };

  /** A failure here must not cost the copy, which is complete. */
  const removeMarker = async (): Promise<void> => {
    try {
      await deleteObject(bucket, marker, patience.signal);
    } catch (error) {
      log.warn(`The copy is safe, but its marker s3://${config.bucket}/${marker} is left: ${String(error)}`);
    }
  };

  const undo = async (): Promise<void> => {
    aborting.abort();
    const timer = setTimeout(() => patience.abort(), tuning.cleanUpMs);
    await Promise.allSettled([busy, ...sending]);
    clearTimeout(timer);
    const limit = AbortSignal.timeout(tuning.cleanUpMs);
    if (commitment && !commitment.before) await withdraw(commitment.etag, limit);
    if (upload) await abortUpload(bucket, upload, limit);
    if (isMarked) await deleteObject(bucket, marker, limit);
  };

  /** Where another object was replaced, the new one stays: it is whole, and the old one is gone. */
  const withdraw = async (etag: string | undefined, limit: AbortSignal): Promise<void> => {
    const head = await findObject(bucket, key, limit);
    if (head && (etag === undefined || etag === head.etag)) await deleteObject(bucket, key, limit);
  };

  const track = (work: Promise<void>): Promise<void> => {
    busy = work.catch(() => {});
    return work;
  };
  return { add: (chunk) => track(add(chunk)), commit: () => track(commit()), undo };
}
