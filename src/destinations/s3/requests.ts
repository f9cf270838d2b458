import {
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './client.ts';
import { isAbsent } from './errors.ts';

/** What a HEAD request tells about an object. */
export interface S3Head {
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
}

/** The object's facts, or undefined when there is none. Throws the SDK's error, also for an absent bucket. */
export async function findObject(
  { client, config }: S3Bucket,
  key: string,
  signal?: AbortSignal,
): Promise<S3Head | undefined> {
  const options = signal ? { abortSignal: signal } : {};
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: config.bucket, Key: key }), options);
    return {
      size: head.ContentLength ?? 0,
      etag: head.ETag ?? '',
      modified: head.LastModified ?? new Date(0),
    };
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await checkBucket({ client, config }, options);
    return undefined;
  }
}

/** Clients whose bucket has been seen: asking once is enough. */
const present = new WeakSet<S3Client>();

/** The answer to HEAD has no body: 404 is an absent object or an absent bucket. */
async function checkBucket(
  { client, config }: Pick<S3Bucket, 'client' | 'config'>,
  options: { abortSignal?: AbortSignal },
): Promise<void> {
  if (present.has(client)) return;
  try {
    await client.send(new HeadBucketCommand({ Bucket: config.bucket }), options);
    present.add(client);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    throw Object.assign(new Error('The bucket does not exist', { cause: error }), { name: 'NoSuchBucket' });
  }
}

/** Stores a whole object in one request; it appears complete or not at all. Returns its ETag. */
export async function putObject(
  { client, config }: S3Bucket,
  key: string,
  body: Buffer,
  how: Partial<PutObjectCommandInput>,
  signal: AbortSignal,
): Promise<string> {
  const command = new PutObjectCommand({ Bucket: config.bucket, Key: key, Body: body, ...how });
  const { ETag } = await client.send(command, { abortSignal: signal });
  return ETag ?? '';
}
