import { createHash } from 'node:crypto';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './client.ts';
import { isAbsent, isUncertain, saysConflict, saysUnknownCondition } from './errors.ts';
import { findObject } from './requests.ts';

/** The object that the parts are to make. */
export interface Joined {
  /** Bytes. */
  readonly size: number;
  /** Whether the server encrypts with KMS; the ETags are no MD5 then. */
  readonly isKms: boolean;
}

/** What must be under the key, or must not be. */
interface Condition {
  readonly condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string };
}

/**
 * Joins the parts to an object, which appears whole; undefined when the condition does not hold. There are servers that ignore it: look before. An error
 * in an answer with status 200 is an error too: the SDK looks into the body of this one. A lost answer is decided by the object that
 * is there: by its size and ETag.
 */
export async function joinParts(
  bucket: S3Bucket,
  command: CompleteMultipartUploadCommand,
  { condition, ...joined }: Joined & Condition,
  signal: AbortSignal,
): Promise<CompleteMultipartUploadCommandOutput | undefined> {
  const isConditional = Object.keys(condition).length > 0;
  const send = (how: Condition['condition']) =>
    bucket.joiner.send(new CompleteMultipartUploadCommand({ ...command.input, ...how }), {
      abortSignal: signal,
    });
  try {
    return await send(condition).catch((error: unknown) => {
      if (isConditional && saysUnknownCondition(error)) return send({});
      throw error;
    });
  } catch (error) {
    // An answer got lost, perhaps to an earlier attempt: "no such upload" and "it is there" may well mean "done already".
    const isConflict = isConditional && saysConflict(error);
    if (!isConflict && !isAbsent(error) && !isUncertain(error)) throw error;
    const { Key = '', MultipartUpload } = command.input;
    const parts = MultipartUpload?.Parts ?? [];
    if (!signal.aborted && (await isJoined(bucket, Key, parts, joined, signal))) return { $metadata: {} };
    if (isConflict && !isAbsent(error)) return undefined;
    throw error;
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
