import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { S3Bucket } from './client.ts';

/**
 * A URL that gives the object to whoever holds it for `seconds`: a signature made here, without asking the server, so
 * that nothing about the object changes. Throws the SDK's error when there are no credentials to sign with.
 */
export async function presignObject(
  { client, config, log }: S3Bucket,
  key: string,
  seconds: number,
): Promise<string> {
  const { expiration } = await client.config.credentials();
  if (expiration !== undefined && expiration.getTime() < Date.now() + seconds * 1000) {
    log.warn(
      `The URL works only until ${expiration.toISOString()}, when the temporary credentials that sign it expire`,
    );
  }
  const command = new GetObjectCommand({ Bucket: config.bucket, Key: key });
  return await getSignedUrl(client, command, { expiresIn: seconds });
}
