// make-bucket.mjs ENDPOINT BUCKET ACCESS_KEY SECRET_KEY: creates a bucket. Plain JavaScript: the lab runs before any build.
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';

const [endpoint, bucket, accessKeyId, secretAccessKey] = process.argv.slice(2);
const client = new S3Client({
  endpoint,
  region: 'us-east-1',
  forcePathStyle: true,
  requestChecksumCalculation: 'WHEN_REQUIRED',
  credentials: { accessKeyId, secretAccessKey },
});
await client.send(new CreateBucketCommand({ Bucket: bucket }));
