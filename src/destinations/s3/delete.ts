import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { S3Bucket } from './client.ts';
import { isAbsent } from './errors.ts';

/** Deletes an object; S3 answers the same whether there was one or not. Throws the SDK's error. */
export async function deleteObject(
  { client, config }: S3Bucket,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  const command = new DeleteObjectCommand({ Bucket: config.bucket, Key: key });
  try {
    await client.send(command, signal ? { abortSignal: signal } : {});
  } catch (error) {
    // Some servers do answer 404.
    if (!isAbsent(error)) throw error;
  }
}
