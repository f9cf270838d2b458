import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { IntegrityError, StorageError } from '../../errors.ts';
import { asOneLine } from '../../foreign-text.ts';
import type { ReadOptions } from '../destination.ts';
import { createSizedReader, type SizedRead } from '../sized-reader.ts';
import type { S3Bucket } from './client.ts';
import { readFailure, s3Error } from './errors.ts';
import type { Patience } from './patient-handler.ts';
import { bareEtag } from './requests.ts';
import { backoff, MIN_ATTEMPTS } from './retry.ts';

/** Connections that may break one after the other without a single byte in between. */
const MAX_BREAKS = 5;

const HIGH_WATER_MARK = 1024 ** 2;

const REPLACED = 'the object was replaced while it was being read';

/** The bytes of an object; see `createSizedReader`. Errors with ObjectNotFoundError when there is none. */
export function createObjectReader(bucket: S3Bucket, key: string, options?: ReadOptions): Readable {
  const { config } = bucket;
  return createSizedReader((signal) => startRead(bucket, key, signal, options), {
    explain: (cause) => s3Error(`Cannot read s3://${config.bucket}/${key}`, cause, config),
    highWaterMark: HIGH_WATER_MARK,
  });
}

/** When the connection breaks, it goes on from the byte reached, if that is still the same object. */
function startRead(
  bucket: S3Bucket,
  key: string,
  signal: AbortSignal,
  { onVersion }: ReadOptions = {},
): SizedRead {
  let size = 0;
  let etag: string | undefined;
  let reached = 0;
  let breaks = 0;
  let chunks: AsyncIterator<Buffer> | undefined;
  /** Two short ones, as the connection may be dead, then one with the rest of the limit: as with the attempts of one request. */
  let isLastAttempt = false;

  const ask = async (which: { Range?: string; IfMatch?: string }): Promise<GetObjectCommandOutput> => {
    isLastAttempt = breaks >= MIN_ATTEMPTS - 1;
    const answer = await request(bucket, key, which, { abortSignal: signal, isLastAttempt });
    chunks = (answer.Body as Readable)[Symbol.asyncIterator]();
    return answer;
  };

  const goOn = async (broken: unknown): Promise<void> => {
    const isOver = isLastAttempt && breaks > 0 && readFailure(broken).name === 'TimeoutError';
    if (!etag || ++breaks > MAX_BREAKS || isOver) throw broken;
    bucket.log.debug(
      `S3: reading ${asOneLine(key)} broke off at byte ${reached} (${asOneLine(readFailure(broken).message)}), going on there`,
    );
    await sleep(backoff(breaks), undefined, { signal });
    const answer = await ask({ Range: `bytes=${reached}-`, IfMatch: etag });
    // There are servers that ignore the condition.
    if (answer.ETag !== etag) throw new StorageError(REPLACED, { cause: broken });
    if (!answer.ContentRange?.startsWith(`bytes ${reached}-`)) {
      throw new StorageError(`the server cannot go on at byte ${reached}`, { cause: broken });
    }
  };

  return {
    async open() {
      const answer = await ask({});
      if (answer.ContentLength === undefined) {
        throw new StorageError('the server does not say how large the object is');
      }
      etag = answer.ETag;
      size = answer.ContentLength;
      onVersion?.(bareEtag({ etag: etag ?? '' }) ?? '');
      return size;
    },

    async next() {
      for (;;) {
        let broken: unknown;
        try {
          const next = await chunks?.next();
          if (next && !next.done) {
            reached += next.value.length;
            breaks = 0;
            return next.value;
          }
        } catch (error) {
          broken = error;
        }
        signal.throwIfAborted();
        if (reached >= size) {
          // All bytes are there and still an error: the SDK has compared them with the object's checksum.
          if (broken)
            throw new IntegrityError(`s3://${bucket.config.bucket}/${key} is damaged`, { cause: broken });
          return undefined;
        }
        await goOn(broken ?? new StorageError(`the connection ended after ${reached} of ${size} bytes`));
      }
    },

    async close() {
      await chunks?.return?.();
    },
  };
}

/** Throws the SDK's error, or a StorageError when there is another object by now. */
async function request(
  { client, config }: S3Bucket,
  key: string,
  which: { Range?: string; IfMatch?: string },
  how: { readonly abortSignal: AbortSignal } & Patience,
): Promise<GetObjectCommandOutput> {
  try {
    const command = new GetObjectCommand({ Bucket: config.bucket, Key: key, ...which });
    return await client.send(command, how);
  } catch (cause) {
    if (readFailure(cause).status !== 412) throw cause;
    throw new StorageError(REPLACED, { cause });
  }
}
