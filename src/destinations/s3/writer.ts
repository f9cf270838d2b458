import { Writable } from 'node:stream';
import { describeError, StorageError } from '../../errors.ts';
import type { WriteOptions } from '../destination.ts';
import type { S3Bucket } from './client.ts';
import { s3Error } from './errors.ts';
import { startWrite } from './write.ts';

const HIGH_WATER_MARK = 256 * 1024;

/** A stream that stores an object; see `Destination.write` for its promises. */
export function writeObject(bucket: S3Bucket, key: string, options: WriteOptions): Writable {
  const { config, log } = bucket;
  const place = `s3://${config.bucket}/${key}`;
  const explain = (error: unknown): Error => s3Error(`Cannot write ${place}`, error, config);
  const write = startWrite(bucket, key, options, (error) => stream.destroy(explain(error)));
  /** Nothing can stop `finish` any more. */
  let isDone = false;
  const stream = new Writable({
    highWaterMark: HIGH_WATER_MARK,
    write(chunk: Buffer, _encoding, callback) {
      write.add(chunk).then(
        () => callback(),
        (error: unknown) => callback(explain(error)),
      );
    },
    final(callback) {
      write.commit().then(
        () => {
          isDone = !stream.destroyed;
          return callback();
        },
        (error: unknown) => callback(explain(error)),
      );
    },
    destroy(error, callback) {
      (isDone ? Promise.resolve() : write.undo()).then(
        () => callback(error),
        (cause: unknown) => {
          const left = new StorageError(`Cannot clean up after the unfinished ${place}`, {
            cause: s3Error('What was uploaded may remain', cause, config),
            remedy: 'The next run of this host removes what is left.',
          });
          // The first failure is the one to report; this one comes on top of it.
          if (error) log.warn(describeError(left));
          callback(error ?? left);
        },
      );
    },
  });
  return stream;
}
