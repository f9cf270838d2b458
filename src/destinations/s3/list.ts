import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { StorageError } from '../../errors.ts';
import type { ObjectInfo } from '../destination.ts';
import { guardListing } from '../listing-guard.ts';
import type { S3Upload } from './abort-upload.ts';
import type { S3Bucket } from './client.ts';
import { isAbsent, NotS3Error } from './errors.ts';

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

/**
 * Every object whose key starts with `prefix`, whatever it is. Throws a StorageError when the server comes to no end, or to one that
 * it says is none: what it leaves out would count as missing.
 */
export async function* listObjects(
  { client, config, tuning }: S3Bucket,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<ObjectInfo> {
  const where = `s3://${config.bucket}/${prefix}`;
  const checkPage = guardListing(where).startPages();
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
    const objects = page.Contents ?? [];
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
    checkPage(objects.length, objects.at(-1)?.Key, token);
    if (page.IsTruncated && !token) {
      throw new StorageError(
        `Cannot list ${where}: the server has more names, but does not say how to get them`,
        {
          remedy: 'The server is at fault: update or repair it, or use another destination.',
        },
      );
    }
    for (const { Key, Size, LastModified } of objects) {
      yield { key: decodeKey(Key ?? ''), size: Size ?? 0, modified: LastModified ?? new Date(0) };
    }
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
  const checkPage = guardListing(`the uploads of s3://${config.bucket}/${prefix}`).startPages();
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
    const uploads = page.Uploads ?? [];
    const last = uploads.at(-1);
    checkPage(uploads.length, last && `${last.Key} ${last.UploadId}`);
    for (const { Key, UploadId, Initiated } of uploads) {
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
  const checkPage = guardListing(`the parts of s3://${config.bucket}/${key}`).startPages();
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
      const parts = page.Parts ?? [];
      checkPage(parts.length, parts.at(-1)?.PartNumber?.toString());
      for (const { LastModified } of parts) {
        if (LastModified && !(newest && newest >= LastModified)) newest = LastModified;
      }
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      // The newest part may be among those that it does not tell.
      if (page.IsTruncated && !marker) return undefined;
    } while (marker);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  return newest;
}
