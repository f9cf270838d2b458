import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { describeError, StorageError } from '../../errors.ts';
import { newPartialName } from '../../lock/owner.ts';
import { abortUpload } from './abort-upload.ts';
import { encryption, type S3Bucket, type Storage } from './client.ts';
import { deleteObject } from './delete.ts';
import { joinParts } from './join-parts.ts';
import { markerFor } from './marker.ts';
import type { PartPlan } from './part-plan.ts';
import type { Part, Parts } from './parts.ts';
import { findObject, putObject, type S3Head } from './requests.ts';

interface UploadOptions {
  readonly key: string;
  readonly parts: Parts;
  readonly plan: PartPlan;
  /** How the object is to be stored. */
  readonly how: Storage;
  /** Bytes in all parts; asked for after the last one. */
  readonly size: () => number;
  /** Ends the sending of parts. */
  readonly signal: AbortSignal;
  /** For requests whose outcome must be known: they get some time even when the upload is given up. */
  readonly patience: AbortSignal;
  /** Called with each failure, at once: `done` waits for the parts that are under way. */
  readonly fail: (cause: unknown) => void;
}

/** An upload by lib-storage, with what that lacks: a marker, an end that leaves nothing, and certainty about lost answers. */
export interface TrackedUpload {
  /** Resolves when the object is visible, rejects with the first failure; nothing is under way any more in either case. */
  readonly done: Promise<void>;
  /** Whether there are parts, not one request. */
  isMultipart(): boolean;
  /** For after `done`: a failure must not cost the copy, so it is only a warning. */
  removeMarker(patience: AbortSignal): Promise<void>;
  /** For after `done`: removes the object where that is new, the parts and the marker. */
  undo(limit: AbortSignal): Promise<void>;
}

/**
 * Begins to upload parts: in one request when it fits into a part, else as a multipart upload.
 *
 * lib-storage is not given the signal: with it `done()` would not wait for the parts under way, which are then stored after the
 * upload was cleaned up. Instead each request carries it, and `done()` settles after the last of them. Nor does it abort by itself
 * (`leavePartsOnError`): it would do so once, and never look whether a part came in afterwards.
 */
export function startUpload(bucket: S3Bucket, options: UploadOptions): TrackedUpload {
  const { config, log } = bucket;
  const { key, parts, plan, how, size, signal, patience, fail } = options;
  const marker = markerFor(key, newPartialName());
  let isMarked = false;
  let id: string | undefined;
  let isKms = false;
  /** Set when the request that makes the object visible is sent. */
  let commitment: { readonly before: S3Head | undefined; etag?: string | undefined } | undefined;

  const create = async (command: CreateMultipartUploadCommand) => {
    signal.throwIfAborted();
    isMarked = true;
    await putObject(bucket, marker, Buffer.alloc(0), encryption(config), patience);
    signal.throwIfAborted();
    const answer = await bucket.client.send(command, { abortSignal: patience });
    id = answer.UploadId;
    if (!id) throw new StorageError('the server began a multipart upload without naming it');
    signal.throwIfAborted();
    return answer;
  };
  const sendPart = async (command: UploadPartCommand) => {
    const answer = await bucket.client.send(command, { abortSignal: signal });
    // lib-storage refuses it too, with words for browsers.
    if (!answer.ETag) throw new StorageError('the server took a part without naming its ETag');
    isKms ||= answer.ServerSideEncryption?.startsWith('aws:kms') ?? false;
    parts.release(command.input.Body as Buffer);
    return answer;
  };
  const beginCommitment = async () => {
    const before = await findObject(bucket, key, signal);
    signal.throwIfAborted();
    commitment = { before };
    return commitment;
  };
  const put = async (command: PutObjectCommand) => {
    const committing = await beginCommitment();
    const answer = await bucket.client.send(command, { abortSignal: patience });
    committing.etag = answer.ETag;
    return answer;
  };
  const complete = async (command: CompleteMultipartUploadCommand) => {
    await beginCommitment();
    return await joinParts(bucket, command, { size: size(), isKms }, patience);
  };
  const send = async (command: unknown): Promise<unknown> => {
    try {
      if (command instanceof UploadPartCommand) return await sendPart(command);
      if (command instanceof CreateMultipartUploadCommand) return await create(command);
      if (command instanceof CompleteMultipartUploadCommand) return await complete(command);
      if (command instanceof PutObjectCommand) return await put(command);
      throw new TypeError('lib-storage sends a request that is not known here');
    } catch (error) {
      fail(error);
      throw error;
    }
  };

  const uploading = new Upload({
    client: Object.assign(Object.create(bucket.client) as S3Client, { send }),
    params: { Bucket: config.bucket, Key: key, Body: Readable.from([]), ...how },
    partSize: plan.partSize,
    queueSize: plan.queueSize,
    leavePartsOnError: true,
  });
  feedWorkers(uploading, parts.queue);
  const finish = async (): Promise<void> => {
    await uploading.done();
  };
  const done = finish();
  // Who waits for it is told; until then a failure is no unhandled one.
  done.catch(() => {});

  return {
    done,
    isMultipart: () => id !== undefined,
    async removeMarker(limit) {
      if (!isMarked) return;
      try {
        await deleteObject(bucket, marker, limit);
      } catch (error) {
        log.warn(
          `The copy is safe, but its marker s3://${config.bucket}/${marker} is left: ${describeError(error)}`,
        );
      }
    },
    async undo(limit) {
      // First: a join that nobody waited for may be under way, and make its object until the upload is gone.
      if (id !== undefined) await abortUpload(bucket, { key, id }, limit);
      // Where another object was replaced, the new one stays: it is whole, and the old one is gone.
      if (commitment && !commitment.before) {
        const head = await findObject(bucket, key, limit);
        const { etag } = commitment;
        if (head && (etag === undefined || etag === head.etag)) await deleteObject(bucket, key, limit);
      }
      if (isMarked) await deleteObject(bucket, marker, limit);
    },
  };
}

/** What lib-storage keeps private: each of its workers sends the parts that it is given. */
interface Workers {
  __doConcurrentUpload(parts: AsyncIterable<Part>): Promise<void>;
}

/** Gives the workers of an upload these parts instead of its body, as cutting that takes the memory of three; see `createParts`. */
function feedWorkers(uploading: Upload, parts: AsyncIterable<Part>): void {
  const workers = uploading as unknown as Workers;
  const work = workers.__doConcurrentUpload.bind(uploading);
  workers.__doConcurrentUpload = () => work(parts);
}
