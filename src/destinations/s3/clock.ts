import { HeadBucketCommand } from '@aws-sdk/client-s3';
import type { S3Bucket } from './client.ts';

/** What time it is on the server, in milliseconds; ours where it does not say. */
export async function serverTime({ client, config, tuning }: S3Bucket): Promise<number> {
  let date = Number.NaN;
  const command = new HeadBucketCommand({ Bucket: config.bucket });
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      date = Date.parse(headers?.['date'] ?? '');
      return result;
    },
    { name: 'readDate', step: 'deserialize', priority: 'low' },
  );
  // An account that may not ask gets no answer: sweeping, which may, goes on by our clock.
  await client.send(command).catch(() => undefined);
  return (Number.isNaN(date) ? Date.now() : date) + (tuning.aheadMs ?? 0);
}
