import type { Log } from '../../log.ts';
import { checkKey, folderOfPrefix } from '../check-key.ts';
import type { Destination, ObjectInfo } from '../destination.ts';
import { createBucket, DEFAULT_TUNING, type S3Tuning } from './client.ts';
import type { S3Config } from './config.ts';
import { deleteObject } from './delete.ts';
import { s3Error } from './errors.ts';
import { listObjects } from './list.ts';
import { createObjectReader } from './read.ts';
import { findObject } from './requests.ts';
import { presignObject } from './share.ts';
import { listLeftovers, sweepUploads } from './sweep.ts';
import { createObjectWriter } from './write.ts';

/** Opens a bucket as a destination. `tuning` is for tests. */
export function openS3(config: S3Config, log: Log, tuning: S3Tuning = DEFAULT_TUNING): Destination {
  const bucket = createBucket(config, log, tuning);
  const url = `s3://${config.bucket}`;
  const locate = (key: string): string => `${url}/${key}`;
  const attempt = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw s3Error(doing, error, config);
    }
  };

  async function* list(prefix: string): AsyncGenerator<ObjectInfo> {
    if (folderOfPrefix(prefix) === undefined) return;
    try {
      for await (const info of listObjects(bucket, prefix)) {
        // A server may answer with what was not asked for.
        if (isKey(info.key) && info.key.startsWith(prefix)) yield info;
      }
    } catch (error) {
      throw s3Error(`Cannot list ${locate(prefix)}`, error, config);
    }
  }

  return {
    url,
    locate,
    write(key, options = {}) {
      checkKey(key);
      return createObjectWriter(bucket, key, options);
    },
    read(key) {
      checkKey(key);
      return createObjectReader(bucket, key);
    },
    async stat(key) {
      checkKey(key);
      const head = await attempt(`Cannot look up ${locate(key)}`, () => findObject(bucket, key));
      return head && { key, size: head.size, modified: head.modified };
    },
    list,
    async delete(key) {
      checkKey(key);
      await attempt(`Cannot delete ${locate(key)}`, () => deleteObject(bucket, key));
    },
    async share(key, seconds) {
      checkKey(key);
      return await attempt(`Cannot share ${locate(key)}`, () => presignObject(bucket, key, seconds));
    },
    async sweep(host) {
      return await attempt(`Cannot remove unfinished uploads of ${locate(host)}`, () =>
        sweepUploads(bucket, host),
      );
    },
    async leftovers(host) {
      return await attempt(`Cannot list unfinished uploads of ${locate(host)}`, () =>
        listLeftovers(bucket, host),
      );
    },
    async [Symbol.asyncDispose]() {
      bucket.client.destroy();
    },
  };
}

/** Whether an object found in the bucket is one of ours: no markers, no "folders" that the AWS console makes. */
function isKey(key: string): boolean {
  return key.includes('/') && folderOfPrefix(`${key}/`) !== undefined;
}
