import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import type { ObjectInfo } from './destination.ts';
import type { S3Bucket } from './s3-client.ts';
import { isAbsent, NotS3Error } from './s3-errors.ts';
import type { S3Upload } from './s3-upload.ts';

/** Without it a key with a control character makes an answer that is not XML. */
const ENCODING = { EncodingType: 'url' } as const;

/** Undoes the encoding of keys in answers. Source: Amazon S3 API Reference, ListObjectsV2, "encoding-type". */
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

/** Without this a web page that answers in place of S3 is an empty bucket. S3 says both of each page, other servers one. */
function requireListing({ Name, IsTruncated }: ListObjectsV2CommandOutput): void {
  if (Name === undefined && IsTruncated === undefined)
    throw new NotS3Error('the answer is no listing of a bucket');
}

/** Every object whose key starts with `prefix`, whatever it is. */
export async function* listObjects(
  { client, config, tuning }: S3Bucket,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<ObjectInfo> {
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: config.bucket,
      Prefix: prefix,
      ...ENCODING,
      ...(tuning.pageSize && { MaxKeys: tuning.pageSize }),
      ...(token && { ContinuationToken: token }),
    });
    const page = await client.send(command, signal ? { abortSignal: signal } : {});
    requireListing(page);
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      yield { key: decodeKey(Key ?? ''), size: Size ?? 0, modified: LastModified ?? new Date(0) };
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token);
}

/** A multipart upload under way and the moment it began. */
export interface StartedUpload extends S3Upload {
  readonly started: Date | undefined;
}

/** Every multipart upload under way for keys that start with `prefix`. */
export async function* listUploads(
  { client, config, tuning }: S3Bucket,
  prefix: string,
): AsyncGenerator<StartedUpload> {
  let next: { KeyMarker: string; UploadIdMarker?: string } | undefined;
  do {
    const command = new ListMultipartUploadsCommand({
      Bucket: config.bucket,
      Prefix: prefix,
      ...ENCODING,
      ...(tuning.pageSize && { MaxUploads: tuning.pageSize }),
      ...next,
    });
    const page = await client.send(command);
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key && UploadId) yield { key: decodeKey(Key), id: UploadId, started: Initiated };
    }
    next =
      page.IsTruncated && page.NextKeyMarker
        ? {
            KeyMarker: decodeKey(page.NextKeyMarker),
            ...(page.NextUploadIdMarker && { UploadIdMarker: page.NextUploadIdMarker }),
          }
        : undefined;
  } while (next);
}

/**
 * When an upload last grew: the moment its newest part arrived, or it began; undefined when it has ended meanwhile, or the
 * server does not say.
 */
export async function lastWrite(
  { client, config, tuning }: S3Bucket,
  { key, id, started }: StartedUpload,
): Promise<Date | undefined> {
  const which = { Bucket: config.bucket, Key: key, UploadId: id };
  let newest = started;
  let marker: string | undefined;
  try {
    do {
      const command = new ListPartsCommand({
        ...which,
        ...(tuning.pageSize && { MaxParts: tuning.pageSize }),
        ...(marker && { PartNumberMarker: marker }),
      });
      const page = await client.send(command);
      for (const { LastModified } of page.Parts ?? []) {
        if (LastModified && !(newest && newest >= LastModified)) newest = LastModified;
      }
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  return newest;
}
