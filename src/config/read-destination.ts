import type { DestinationConfig, LocalConfig, S3Config, SshConfig } from './config.ts';
import type { Options } from './options.ts';

function readLocal(options: Options): LocalConfig {
  return { kind: 'local', backupDir: options.get('local', 'backup_dir') };
}

/** The section [ssh], whatever the destination is. */
export function readSsh(options: Options): SshConfig {
  return {
    kind: 'ssh',
    host: options.get('ssh', 'backup_host'),
    port: options.get('ssh', 'port'),
    user: options.get('ssh', 'ssh_user'),
    keyFile: options.get('ssh', 'ssh_key'),
    backupDir: options.get('ssh', 'backup_dir'),
    knownHosts: options.get('ssh', 'known_hosts'),
    hostKeyChecking: options.get('ssh', 'host_key_checking'),
  };
}

function readCredentials(options: Options): S3Config['credentials'] {
  const accessKeyId = options.get('s3', 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = options.get('s3', 'AWS_SECRET_ACCESS_KEY');
  const remedy = 'Set both keys, or neither to use the AWS default credential chain.';
  if (accessKeyId === undefined) {
    if (secretAccessKey === undefined) return undefined;
    throw options.refuse('s3', 'AWS_ACCESS_KEY_ID', 'is missing beside AWS_SECRET_ACCESS_KEY', remedy);
  }
  if (secretAccessKey === undefined) {
    throw options.refuse('s3', 'AWS_SECRET_ACCESS_KEY', 'is missing beside AWS_ACCESS_KEY_ID', remedy);
  }
  return { accessKeyId, secretAccessKey };
}

function readS3(options: Options): S3Config {
  const endpointUrl = options.get('s3', 'endpoint_url');
  const sse = options.get('s3', 'sse');
  const sseKmsKeyId = options.get('s3', 'sse_kms_key_id');
  if (sseKmsKeyId !== undefined && sse !== 'aws:kms') {
    throw options.refuse(
      's3',
      'sse_kms_key_id',
      'needs sse=aws:kms',
      'Write sse=aws:kms, or remove the key id.',
    );
  }
  return {
    kind: 's3',
    bucket: options.need('s3', 'BUCKET', 'Write BUCKET=NAME, the bucket that holds the copies.'),
    region: options.get('s3', 'AWS_DEFAULT_REGION'),
    credentials: readCredentials(options),
    endpointUrl,
    pathStyle: options.get('s3', 'path_style') ?? endpointUrl !== undefined,
    storageClass: options.get('s3', 'storage_class'),
    sse,
    sseKmsKeyId,
    checksums: options.get('s3', 'checksums'),
    partSize: options.get('s3', 'part_size'),
    concurrency: options.get('s3', 'concurrency'),
  };
}

/** The destination that `backup_destination` selects; the sections of the others are not looked at. */
export function readDestination(options: Options): DestinationConfig {
  const kind = options.need(
    'destination',
    'backup_destination',
    'Write backup_destination=ssh, s3 or local into the section [destination].',
  );
  switch (kind) {
    case 'local':
      return readLocal(options);
    case 'ssh':
      return readSsh(options);
    case 's3':
      return readS3(options);
    case 'az':
    case 'gcs':
      throw options.refuse(
        'destination',
        'backup_destination',
        `${kind} is not supported yet`,
        'Use ssh, s3 or local.',
      );
  }
}
