import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { StorageError } from '../../errors.ts';
import type { S3Bucket, Storage } from './client.ts';
import { isAbsent, isUncertain } from './errors.ts';
import { findObject } from './requests.ts';

/** A multipart upload under way. */
export interface S3Upload {
  readonly key: string;
  readonly id: string;
}

/** A part that is up. */
export interface S3Part {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Whether the server encrypts with KMS; the ETag is no MD5 then. */
  readonly isKms: boolean;
}

/** Begins a multipart upload: its parts are stored, and cost money, until it is completed or aborted. */
export async function createUpload(
  { client, config }: S3Bucket,
  key: string,
  how: Storage,
  signal: AbortSignal,
): Promise<S3Upload> {
  const command = new CreateMultipartUploadCommand({ Bucket: config.bucket, Key: key, ...how });
  const { UploadId } = await client.send(command, { abortSignal: signal });
  if (!UploadId) throw new StorageError('the server began a multipart upload without naming it');
  return { key, id: UploadId };
}

/** Stores one part. The body is a buffer, so the SDK can send it again after a failure. */
export async function uploadPart(
  { client, config }: S3Bucket,
  { key, id }: S3Upload,
  number: number,
  body: Buffer,
  signal: AbortSignal,
): Promise<S3Part> {
  const command = new UploadPartCommand({
    Bucket: config.bucket,
    Key: key,
    UploadId: id,
    PartNumber: number,
    Body: body,
  });
  const answer = await client.send(command, { abortSignal: signal });
  return {
    number,
    etag: answer.ETag ?? '',
    size: body.length,
    isKms: answer.ServerSideEncryption?.startsWith('aws:kms') ?? false,
  };
}

/**
 * Joins the parts to an object, which appears whole. An error in an answer with status 200 is an error too: the SDK
 * looks into the body of this one.
 */
export async function completeUpload(
  bucket: S3Bucket,
  { key, id }: S3Upload,
  parts: readonly S3Part[],
  signal: AbortSignal,
): Promise<void> {
  const ordered = parts.toSorted((a, b) => a.number - b.number);
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket.config.bucket,
    Key: key,
    UploadId: id,
    MultipartUpload: { Parts: ordered.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
  });
  try {
    await bucket.joiner.send(command, { abortSignal: signal });
  } catch (error) {
    // An answer got lost, perhaps to an earlier attempt: "no such upload" may well mean "done already".
    if (!isAbsent(error) && !isUncertain(error)) throw error;
    if (signal.aborted || !(await isJoined(bucket, key, ordered, signal))) throw error;
  }
}

/** Whether the object under `key` is the one that these parts make. */
async function isJoined(
  bucket: S3Bucket,
  key: string,
  parts: readonly S3Part[],
  signal: AbortSignal,
): Promise<boolean> {
  const head = await findObject(bucket, key, signal);
  if (head?.size !== parts.reduce((sum, { size }) => sum + size, 0)) return false;
  const etag = head.etag.replaceAll('"', '');
  // With KMS the ETag tells only the number of parts.
  return parts.some(({ isKms }) => isKms) ? etag.endsWith(`-${parts.length}`) : etag === joinedEtag(parts);
}

/** The ETag S3 gives to an object of several parts: MD5 of their MD5s, and their number. */
function joinedEtag(parts: readonly S3Part[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(etag.replaceAll('"', ''), 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
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
