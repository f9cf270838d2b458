import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { IntegrityError, StorageError } from '../../errors.ts';
import { asOneLine } from '../../foreign-text.ts';
import type { S3Bucket } from './client.ts';
import { readFailure, s3Error } from './errors.ts';
import { backoff } from './retry.ts';

/** Connections that may break one after the other without a single byte in between. */
const MAX_BREAKS = 5;

const HIGH_WATER_MARK = 1024 ** 2;

/** A stream of the object's bytes; see `Destination.read` for its promises. */
export function readObject(bucket: S3Bucket, key: string): Readable {
  const aborting = new AbortController();
  const chunks = readChunks(bucket, key, aborting.signal);
  return new Readable({
    highWaterMark: HIGH_WATER_MARK,
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: unknown) =>
          this.destroy(s3Error(`Cannot read s3://${bucket.config.bucket}/${key}`, error, bucket.config)),
      );
    },
    destroy(error, callback) {
      aborting.abort();
      // What a read under way says to the abort is of no interest: the stream has ended.
      chunks.return().then(
        () => callback(error),
        () => callback(error),
      );
    },
  });
}

/** The bytes of the object; when the connection breaks, goes on from the byte reached, if it is still the same object. */
async function* readChunks(
  bucket: S3Bucket,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let reached = 0;
  let answer = await request(bucket, key, {}, signal);
  const { ETag: etag, ContentLength: size } = answer;
  if (size === undefined) throw new StorageError('the server does not say how large the object is');
  for (let breaks = 0; ; ) {
    let broken: unknown;
    try {
      for await (const chunk of answer.Body as Readable) {
        reached += chunk.length;
        breaks = 0;
        yield chunk;
      }
    } catch (error) {
      broken = error;
    }
    signal.throwIfAborted();
    if (reached > size)
      throw new IntegrityError(`s3://${bucket.config.bucket}/${key} has more than its ${size} bytes`);
    if (reached === size) {
      // All bytes are there and still an error: the SDK has compared them with the object's checksum.
      if (broken)
        throw new IntegrityError(`s3://${bucket.config.bucket}/${key} is damaged`, { cause: broken });
      return;
    }
    broken ??= new StorageError(`the connection ended after ${reached} of ${size} bytes`);
    if (!etag || ++breaks > MAX_BREAKS) throw broken;
    bucket.log.debug(
      `S3: reading ${asOneLine(key)} broke off at byte ${reached} (${asOneLine(readFailure(broken).message)}), going on there`,
    );
    await sleep(backoff(breaks), undefined, { signal });
    answer = await request(bucket, key, { Range: `bytes=${reached}-`, IfMatch: etag }, signal);
    if (!answer.ContentRange?.startsWith(`bytes ${reached}-`)) {
      throw new StorageError(`the server cannot go on at byte ${reached}`, { cause: broken });
    }
  }
}

async function request(
  { client, config }: S3Bucket,
  key: string,
  which: { Range?: string; IfMatch?: string },
  signal: AbortSignal,
): Promise<GetObjectCommandOutput> {
  try {
    const command = new GetObjectCommand({ Bucket: config.bucket, Key: key, ...which });
    return await client.send(command, { abortSignal: signal });
  } catch (cause) {
    if (readFailure(cause).status !== 412) throw cause;
    throw new StorageError('the object was replaced while it was being read', { cause });
  }
}
