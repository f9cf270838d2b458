import { createHash } from 'node:crypto';
import type {
  CompletedPart,
  CompleteMultipartUploadCommand,
  CompleteMultipartUploadCommandOutput,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './client.ts';
import { isAbsent, isUncertain } from './errors.ts';
import { findObject } from './requests.ts';

/** The object that the parts are to make. */
interface Joined {
  /** Bytes. */
  readonly size: number;
  /** Whether the server encrypts with KMS; the ETags are no MD5 then. */
  readonly isKms: boolean;
}

/**
 * Joins the parts to an object, which appears whole. An error in an answer with status 200 is an error too: the SDK
 * looks into the body of this one. A lost answer is decided by the object that is there: by its size and ETag.
 */
export async function joinParts(
  bucket: S3Bucket,
  command: CompleteMultipartUploadCommand,
  joined: Joined,
  signal: AbortSignal,
): Promise<CompleteMultipartUploadCommandOutput> {
  try {
    return await bucket.joiner.send(command, { abortSignal: signal });
  } catch (error) {
    // An answer got lost, perhaps to an earlier attempt: "no such upload" may well mean "done already".
    if (!isAbsent(error) && !isUncertain(error)) throw error;
    const { Key = '', MultipartUpload } = command.input;
    const parts = MultipartUpload?.Parts ?? [];
    if (signal.aborted || !(await isJoined(bucket, Key, parts, joined, signal))) throw error;
    return { $metadata: {} };
  }
}

/** Whether the object under `key` is the one that these parts make. */
async function isJoined(
  bucket: S3Bucket,
  key: string,
  parts: readonly CompletedPart[],
  { size, isKms }: Joined,
  signal: AbortSignal,
): Promise<boolean> {
  const head = await findObject(bucket, key, signal);
  if (head?.size !== size) return false;
  const etag = head.etag.replaceAll('"', '');
  // With KMS the ETag tells only the number of parts.
  return isKms ? etag.endsWith(`-${parts.length}`) : etag === joinedEtag(parts);
}

/** The ETag S3 gives to an object of several parts: MD5 of their MD5s, and their number. */
function joinedEtag(parts: readonly CompletedPart[]): string {
  const hash = createHash('md5');
  for (const { ETag = '' } of parts) hash.update(ETag.replaceAll('"', ''), 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}
