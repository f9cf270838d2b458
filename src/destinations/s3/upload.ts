import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { StorageError } from '../../errors.ts';
import type { WriteOptions } from '../destination.ts';
import { abortUpload } from './abort-upload.ts';
import type { S3Bucket, Storage } from './client.ts';
import type { PartPlan } from './part-plan.ts';
import type { Part, Parts } from './parts.ts';
import { createPlacement } from './placement.ts';

interface UploadOptions extends Pick<WriteOptions, 'claim' | 'replaces'> {
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
  /** The key of the object, once `done` has resolved. */
  key(): string;
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
  const { config } = bucket;
  const { key, parts, plan, how, size, signal, patience, fail } = options;
  const placement = createPlacement(bucket, options);
  let id: string | undefined;
  let isKms = false;

  /** lib-storage is told a key when it begins; which one is free shows later. */
  const underKey = <C extends { readonly input: { Key: string | undefined } }>(command: C): C => {
    command.input.Key = placement.key();
    return command;
  };
  const create = async (command: CreateMultipartUploadCommand) => {
    await placement.mark();
    const answer = await bucket.client.send(underKey(command), { abortSignal: patience });
    id = answer.UploadId;
    if (!id) throw new StorageError('the server began a multipart upload without naming it');
    signal.throwIfAborted();
    return answer;
  };
  const sendPart = async (command: UploadPartCommand) => {
    const answer = await bucket.client.send(underKey(command), { abortSignal: signal });
    // lib-storage refuses it too, with words for browsers.
    if (!answer.ETag) throw new StorageError('the server took a part without naming its ETag');
    isKms ||= answer.ServerSideEncryption?.startsWith('aws:kms') ?? false;
    parts.release(command.input.Body as Buffer);
    return answer;
  };
  const send = async (command: unknown): Promise<unknown> => {
    try {
      if (command instanceof UploadPartCommand) return await sendPart(command);
      if (command instanceof CreateMultipartUploadCommand) return await create(command);
      if (command instanceof CompleteMultipartUploadCommand) {
        return await placement.join(underKey(command), { size: size(), isKms });
      }
      if (command instanceof PutObjectCommand) return await placement.put(command);
      throw new TypeError('lib-storage sends a request that is not known here');
    } catch (error) {
      fail(error);
      throw error;
    }
  };

  const uploading = new Upload({
    client: Object.assign(Object.create(bucket.client) as S3Client, { send }),
    params: {
      Bucket: config.bucket,
      Key: key,
      Body: unread(),
      ...how,
      Metadata: placement.metadata,
    },
    partSize: plan.partSize,
    queueSize: plan.queueSize,
    leavePartsOnError: true,
  });
  feedWorkers(uploading, parts.queue);
  const finish = async (): Promise<void> => {
    await uploading.done();
  };
  const done = finish();
  // Also what fails beside a request: nobody waits for it before the last byte, and no part would make room any more.
  done.catch(fail);

  return {
    done,
    isMultipart: () => id !== undefined,
    key: () => placement.key(),
    removeMarker: (limit) => placement.removeMarker(limit),
    async undo(limit) {
      // First: a join that nobody waited for may be under way, and make its object until the upload is gone.
      if (id !== undefined) await abortUpload(bucket, { key: placement.key(), id }, limit);
      await placement.undo(limit);
    },
  };
}

/** A body for lib-storage that it must not read: an object without a byte would look like one that is complete. */
function unread(): Readable {
  const message = 'this version of @aws-sdk/lib-storage does not take the parts that it is given';
  return new Readable({
    read() {
      this.destroy(new Error(message));
    },
  });
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
