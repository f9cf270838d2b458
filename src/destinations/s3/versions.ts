import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import type { S3Bucket } from './client.ts';

/** Whether the bucket keeps what is deleted as versions, as one with Object Lock always does; undefined where the server does not say, or not to us. */
export async function hasVersions({
  client,
  config,
}: Pick<S3Bucket, 'client' | 'config'>): Promise<boolean | undefined> {
  try {
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: config.bucket }));
    return Status === 'Enabled';
  } catch {
    // A right of its own, and nothing that anyone waits for depends on it.
    return undefined;
  }
}
