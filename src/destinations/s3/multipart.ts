import { asOneLine } from '../../foreign-text.ts';
import { newPartialName } from '../../lock/owner.ts';
import { encryption, type S3Bucket, type Storage } from './client.ts';
import { markerFor } from './marker.ts';
import type { CutPart } from './part-cutter.ts';
import { deleteObject, putObject } from './requests.ts';
import {
  abortUpload,
  completeUpload,
  createUpload,
  type S3Part,
  type S3Upload,
  uploadPart,
} from './upload.ts';

/** A multipart upload and its marker. Neither exists before the first part is sent. */
export interface Multipart {
  /** Whether there is an upload. */
  isBegun(): boolean;
  /** Begins to send a part, and the upload if need be. */
  send(part: CutPart): Promise<void>;
  /** Waits for the parts under way. Rejects with the first failure, at once. */
  whenSent(): Promise<void>;
  /** Makes the object of the parts. */
  complete(): Promise<void>;
  /** For after `complete`: a failure must not cost the copy, so it is only a warning. */
  removeMarker(): Promise<void>;
  /** Waits for what is under way, however it ends. */
  whenIdle(): Promise<void>;
  /** Removes the upload with its parts, and the marker. */
  abort(limit: AbortSignal): Promise<void>;
}

interface MultipartOptions {
  /** How the object is to be stored. */
  readonly how: Storage;
  /** Ends the sending of parts. */
  readonly signal: AbortSignal;
  /** For requests whose outcome must be known: they get some time even when the stream is being destroyed. */
  readonly patience: AbortSignal;
  /** Called when a part fails while nobody is waiting for it. */
  readonly fail: (error: unknown) => void;
}

/** Prepares the upload of one object; nothing is sent yet. */
export function createMultipart(
  bucket: S3Bucket,
  key: string,
  { how, signal, patience, fail }: MultipartOptions,
): Multipart {
  const { config, log } = bucket;
  const marker = markerFor(key, newPartialName());
  const parts: S3Part[] = [];
  const sending = new Set<Promise<void>>();
  let isMarked = false;
  let upload: S3Upload | undefined;

  const begin = async (): Promise<S3Upload> => {
    signal.throwIfAborted();
    isMarked = true;
    await putObject(bucket, marker, Buffer.alloc(0), encryption(config), patience);
    signal.throwIfAborted();
    upload = await createUpload(bucket, key, how, patience);
    signal.throwIfAborted();
    return upload;
  };

  const sendPart = async (to: S3Upload, part: CutPart): Promise<void> => {
    try {
      parts.push(await uploadPart(bucket, to, part.number, part.bytes, signal));
    } finally {
      part.release();
    }
  };

  return {
    isBegun: () => upload !== undefined,
    async send(part) {
      const to = upload ?? (await begin());
      const job = sendPart(to, part).finally(() => sending.delete(job));
      sending.add(job);
      job.catch(fail);
    },
    async whenSent() {
      await Promise.all(sending);
    },
    async complete() {
      if (upload) await completeUpload(bucket, upload, parts, patience);
    },
    async removeMarker() {
      if (!isMarked) return;
      try {
        await deleteObject(bucket, marker, patience);
      } catch (error) {
        log.warn(
          `The copy is safe, but its marker s3://${config.bucket}/${marker} is left: ${asOneLine(String(error))}`,
        );
      }
    },
    async whenIdle() {
      await Promise.allSettled(sending);
    },
    async abort(limit) {
      if (upload) await abortUpload(bucket, upload, limit);
      if (isMarked) await deleteObject(bucket, marker, limit);
    },
  };
}
