import { setTimeout as sleep } from 'node:timers/promises';
import { AbortMultipartUploadCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { StorageError } from '../../errors.ts';
import type { S3Bucket } from './client.ts';
import { isAbsent } from './errors.ts';

/** A multipart upload under way. */
export interface S3Upload {
  readonly key: string;
  readonly id: string;
}

const ABORT_ROUNDS = 5;
const ABORT_PAUSE_MS = 200;

/**
 * Ends an upload and makes sure that no part of it remains: a part that was arriving while the abort was answered
 * may be stored afterwards (Amazon S3 API Reference, AbortMultipartUpload).
 */
export async function abortUpload(bucket: S3Bucket, upload: S3Upload, signal: AbortSignal): Promise<void> {
  for (let round = 1; round <= ABORT_ROUNDS; round++) {
    if (await isGone(bucket, upload, signal)) return;
    await sleep(ABORT_PAUSE_MS * round, undefined, { signal });
  }
  throw new StorageError(`parts of multipart upload ${upload.id} remain after ${ABORT_ROUNDS} aborts`);
}

async function isGone(
  { client, config }: S3Bucket,
  { key, id }: S3Upload,
  signal: AbortSignal,
): Promise<boolean> {
  const which = { Bucket: config.bucket, Key: key, UploadId: id };
  const options = { abortSignal: signal };
  try {
    await client.send(new AbortMultipartUploadCommand(which), options);
    await client.send(new ListPartsCommand({ ...which, MaxParts: 1 }), options);
    return false;
  } catch (error) {
    // AWS says NoSuchUpload, Ceph NoSuchKey.
    if (isAbsent(error)) return true;
    throw error;
  }
}
