import { type Kind, oneOf, secret, size, text, webUrl, wholeNumber, yesNo } from '../../config/kinds.ts';
import { option, type SectionOptions } from '../../config/option.ts';
import type { Secret } from '../../config/secret.ts';

export interface S3Config {
  readonly kind: 's3';
  readonly bucket: string;
  /** What comes before each key, with a slash at its end; empty: nothing. */
  readonly prefix: string;
  readonly region: string;
  /** Absent: the AWS default credential chain applies. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: Secret } | undefined;
  /** An S3-compatible server instead of AWS. */
  readonly endpointUrl: string | undefined;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  readonly pathStyle: boolean;
  readonly storageClass: string | undefined;
  readonly sse: 'AES256' | 'aws:kms' | undefined;
  readonly sseKmsKeyId: string | undefined;
  /** `when_required` leaves out the checksums that old S3 clones refuse. */
  readonly checksums: 'when_supported' | 'when_required';
  /** Bytes in each part of a multipart upload; absent: chosen from the expected size. */
  readonly partSize: number | undefined;
  /** Parts under way at once. */
  readonly concurrency: number;
}

const MIB = 1024 ** 2;

/** S3 takes 5 GiB, but Node signs no buffer of 2 GiB or more. Source: Amazon S3 multipart upload limits. */
const partSize = size(5 * MIB, 2047 * MIB, 'a size from 5 MiB to 2047 MiB, such as 64M, 64MiB or 67108864');

/** Segments that would be another path for tools that tidy paths, or the folder of what is half-written. */
const FORBIDDEN_SEGMENTS: readonly string[] = ['', '.', '..', '.partial'];

/** The beginning of all keys: a path whose segments a key can have. Slashes at its end make no difference. */
const prefix: Kind<string> = {
  label: 'a path such as site1 or backups/site1, without a slash at its beginning and without `..`',
  emptyIsUnset: true,
  parse(value) {
    const path = value.replace(/\/+$/, '');
    const isFit = path.split('/').every((segment) => !FORBIDDEN_SEGMENTS.includes(segment));
    return isFit && !/\p{Cc}/u.test(path) ? `${path}/` : undefined;
  },
};

export const options = {
  AWS_ACCESS_KEY_ID: option(
    text,
    undefined,
    'Access key; without keys the AWS default credential chain applies (environment, profile, instance role).',
  ),
  AWS_SECRET_ACCESS_KEY: option(secret, undefined, 'Secret that belongs to the access key.'),
  AWS_DEFAULT_REGION: option(text, 'us-east-1', 'Region of the bucket.'),
  BUCKET: option(text, undefined, 'Bucket that holds the copies; it must exist. Required.'),
  prefix: option(
    prefix,
    undefined,
    'Path below which all copies and status files of this site are kept in the bucket; absent: at the top, where the Python tool keeps them.',
  ),
  endpoint_url: option(webUrl, undefined, 'URL of an S3-compatible server to use instead of AWS.'),
  path_style: option(
    yesNo,
    undefined,
    'Whether requests say `endpoint/bucket/key` rather than `bucket.endpoint/key`; yes with `endpoint_url`, else no.',
  ),
  storage_class: option(
    text,
    undefined,
    'Storage class of new copies, such as STANDARD_IA; absent: STANDARD. Status files are always STANDARD.',
  ),
  sse: option(
    oneOf(['AES256', 'aws:kms']),
    undefined,
    'Encryption by the server; absent: what the bucket is set to.',
  ),
  sse_kms_key_id: option(text, undefined, 'KMS key for `sse=aws:kms`; absent: the AWS managed key.'),
  checksums: option(
    oneOf(['when_supported', 'when_required']),
    'when_supported',
    'When requests carry checksums; `when_required` suits older S3-compatible servers that refuse them.',
  ),
  part_size: option(
    partSize,
    undefined,
    'Size of the parts of an upload, of which there are 10,000 at most. Absent: chosen from the expected size.',
  ),
  concurrency: option(wholeNumber(1), '4', 'How many parts are uploaded at once; each is held in memory.'),
};

function readCredentials(section: SectionOptions<typeof options>): S3Config['credentials'] {
  const accessKeyId = section.get('AWS_ACCESS_KEY_ID');
  const secretAccessKey = section.get('AWS_SECRET_ACCESS_KEY');
  const remedy = 'Set both keys, or neither to use the AWS default credential chain.';
  if (accessKeyId === undefined) {
    if (secretAccessKey === undefined) return undefined;
    throw section.refuse('AWS_ACCESS_KEY_ID', 'is missing beside AWS_SECRET_ACCESS_KEY', remedy);
  }
  if (secretAccessKey === undefined) {
    throw section.refuse('AWS_SECRET_ACCESS_KEY', 'is missing beside AWS_ACCESS_KEY_ID', remedy);
  }
  return { accessKeyId, secretAccessKey };
}

export function read(section: SectionOptions<typeof options>): S3Config {
  const endpointUrl = section.get('endpoint_url');
  const sse = section.get('sse');
  const sseKmsKeyId = section.get('sse_kms_key_id');
  if (sseKmsKeyId !== undefined && sse !== 'aws:kms') {
    throw section.refuse('sse_kms_key_id', 'needs sse=aws:kms', 'Write sse=aws:kms, or remove the key id.');
  }
  return {
    kind: 's3',
    bucket: section.need('BUCKET', 'Write BUCKET=NAME, the bucket that holds the copies.'),
    prefix: section.get('prefix') ?? '',
    region: section.get('AWS_DEFAULT_REGION'),
    credentials: readCredentials(section),
    endpointUrl,
    pathStyle: section.get('path_style') ?? endpointUrl !== undefined,
    storageClass: section.get('storage_class'),
    sse,
    sseKmsKeyId,
    checksums: section.get('checksums'),
    partSize: section.get('part_size'),
    concurrency: section.get('concurrency'),
  };
}

/** What the sample configuration says below `[s3]`. */
export const sample = `# EDIT for s3. Without the two keys the AWS default credential chain applies (environment, profile, instance role).
#AWS_ACCESS_KEY_ID=XXXXX
#AWS_SECRET_ACCESS_KEY=YYYYY
AWS_DEFAULT_REGION=us-east-1
BUCKET=twindb-backups
# Keeps several sites apart in one bucket. The Python tool does not know it, and finds nothing below it.
#prefix=site1
# For servers other than Amazon's: their address, and most of them want path_style=yes.
#endpoint_url=https://s3.example.com
#path_style=yes
# Older servers reject the checksums that are sent by default (411, or "not implemented").
#checksums=when_required
#storage_class=STANDARD_IA
# Encryption by the server: AES256, or aws:kms with a key.
#sse=aws:kms
#sse_kms_key_id=arn:aws:kms:us-east-1:111122223333:key/EXAMPLE
`;
