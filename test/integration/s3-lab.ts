import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Config } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { DEFAULT_TUNING, type S3Tuning } from '../../src/destinations/s3/client.ts';
import { markerFor } from '../../src/destinations/s3/marker.ts';
import type { Log } from '../../src/log.ts';
import { useLab } from '../lab/lab.ts';

/** A log that keeps what is said above DEBUG. */
export function keepLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string): void => {
    lines.push(message);
  };
  return { lines, debug: () => {}, info: keep, warn: keep, error: keep };
}

/** Gives up in seconds. */
export const IMPATIENT: S3Tuning = {
  ...DEFAULT_TUNING,
  connectMs: 500,
  idleMs: 1000,
  lastIdleMs: 2000,
  joinMs: 2000,
  giveUpMs: 1000,
  cleanUpMs: 2000,
};

/** The lab's ordinary bucket; its server is old and wants no extra checksums. */
export function labConfig(change: Partial<S3Config> = {}): S3Config {
  const { s3 } = useLab();
  return {
    kind: 's3',
    bucket: s3.bucket,
    prefix: '',
    region: s3.region,
    credentials: { accessKeyId: s3.accessKey, secretAccessKey: new Secret(s3.secretKey) },
    endpointUrl: s3.endpoint,
    pathStyle: true,
    storageClass: undefined,
    sse: undefined,
    sseKmsKeyId: undefined,
    checksums: 'when_required',
    partSize: undefined,
    concurrency: 4,
    ...change,
  };
}

/** The bucket that is full after 8 MiB. */
export function quotaConfig(): S3Config {
  const { s3 } = useLab();
  return labConfig({
    bucket: s3.quotaBucket,
    credentials: { accessKeyId: s3.quotaAccessKey, secretAccessKey: new Secret(s3.quotaSecretKey) },
  });
}

/** A client of the test's own, so that what it sees does not depend on the driver. */
export function observe(config: S3Config): S3Client {
  if (!config.credentials || !config.endpointUrl) throw new TypeError('the lab has both');
  const { accessKeyId, secretAccessKey } = config.credentials;
  return new S3Client({
    endpoint: config.endpointUrl,
    region: config.region,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() },
  });
}

/** Uploads under way for `host`, and markers without one; as they are in the bucket. */
export async function leftoversOf(config: S3Config, host: string): Promise<string[]> {
  const client = observe(config);
  const folder = `${config.prefix}${host}/`;
  const where = { Bucket: config.bucket, Prefix: folder };
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(where));
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ ...where, Prefix: `${folder}.partial/` }),
  );
  client.destroy();
  const uploading = Uploads.map(({ Key }) => Key ?? '');
  const marked = new Set(uploading.map((key) => markerFor(key, '').split('.').at(-1)));
  const orphans = Contents.flatMap(({ Key = '' }) => (marked.has(Key.split('.').at(-1)) ? [] : [Key]));
  return [...uploading, ...orphans];
}

/** Whether there is an object under `key`. */
export async function seesObject(config: S3Config, key: string): Promise<boolean> {
  const client = observe(config);
  const where = { Bucket: config.bucket, Prefix: config.prefix + key };
  const { KeyCount } = await client.send(new ListObjectsV2Command(where));
  client.destroy();
  return KeyCount === 1;
}

let planted = 0;

/** A marker and an upload, as a run with the name `owner` would leave them. */
export async function plantUpload(config: S3Config, host: string, owner: string): Promise<string> {
  const client = observe(config);
  const key = `${config.prefix}${host}/daily/files/planted-${planted++}`;
  await client.send(
    new PutObjectCommand({
      Bucket: config.bucket,
      Key: markerFor(key, owner, config.prefix),
      Body: Buffer.alloc(0),
      ContentLength: 0,
    }),
  );
  await client.send(new CreateMultipartUploadCommand({ Bucket: config.bucket, Key: key }));
  client.destroy();
  return key;
}
