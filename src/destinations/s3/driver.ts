import type { Log } from '../../log.ts';
import { checkKey, folderOfPrefix } from '../check-key.ts';
import type { Claim, Destination, ObjectInfo } from '../destination.ts';
import { createBucket, DEFAULT_TUNING, type S3Tuning } from './client.ts';
import type { S3Config } from './config.ts';
import { deleteObject } from './delete.ts';
import { s3Error } from './errors.ts';
import { listObjects } from './list.ts';
import { createObjectReader } from './read.ts';
import { findObject } from './requests.ts';
import { presignObject } from './share.ts';
import { listLeftovers, sweepUploads } from './sweep.ts';
import { hasVersions } from './versions.ts';
import { createObjectWriter } from './write.ts';

/** Opens a bucket as a destination. `tuning` is for tests. */
export function openS3(
  config: S3Config,
  log: Log,
  tuning: S3Tuning = DEFAULT_TUNING,
  { appendOnly = false }: { readonly appendOnly?: boolean } = {},
): Destination {
  const bucket = { ...createBucket(config, log, tuning), appendOnly };
  const { prefix } = config;
  const locate = (key: string): string => `s3://${config.bucket}/${prefix}${key}`;
  const attempt = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw s3Error(doing, error, config);
    }
  };

  async function* list(beginning: string): AsyncGenerator<ObjectInfo> {
    if (folderOfPrefix(beginning) === undefined) return;
    try {
      for await (const info of listObjects(bucket, prefix + beginning)) {
        // A server may answer with what was not asked for.
        if (!info.key.startsWith(prefix + beginning)) continue;
        const key = info.key.slice(prefix.length);
        if (isKey(key)) yield { ...info, key };
      }
    } catch (error) {
      throw s3Error(`Cannot list ${locate(beginning)}`, error, config);
    }
  }

  /** The key in the bucket. Throws a StorageError for what can be no key. */
  const inBucket = (key: string): string => {
    checkKey(key);
    return prefix + key;
  };

  const claimInBucket = (claim: Claim): Claim => ({
    next() {
      const key = claim.next();
      return key === undefined ? undefined : inBucket(key);
    },
    claimed: (full) => claim.claimed(full.slice(prefix.length)),
  });

  return {
    url: locate('').slice(0, -1),
    locate,
    write: (key, options = {}) =>
      createObjectWriter(bucket, inBucket(key), {
        ...options,
        claim: options.claim && claimInBucket(options.claim),
      }),
    read: (key, options) => createObjectReader(bucket, inBucket(key), options),
    async stat(key) {
      const full = inBucket(key);
      const head = await attempt(`Cannot look up ${locate(key)}`, () => findObject(bucket, full));
      return head && { key, size: head.size, modified: head.modified };
    },
    list,
    async delete(key) {
      const full = inBucket(key);
      await attempt(`Cannot delete ${locate(key)}`, () => deleteObject(bucket, full));
    },
    async share(key, seconds) {
      const full = inBucket(key);
      return await attempt(`Cannot share ${locate(key)}`, () => presignObject(bucket, full, seconds));
    },
    keepsVersions: () => hasVersions(bucket),
    async sweep(host) {
      return await attempt(`Cannot remove unfinished uploads of ${locate(host)}`, () =>
        sweepUploads(bucket, prefix + host),
      );
    },
    async leftovers(host) {
      return await attempt(`Cannot list unfinished uploads of ${locate(host)}`, () =>
        listLeftovers(bucket, prefix + host),
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
