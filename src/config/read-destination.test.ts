import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DESTINATION_KINDS } from '../destinations/drivers.ts';
import { ConfigError, describeError } from '../errors.ts';
import { listWords } from './kinds.ts';
import { createOptions } from './options.ts';
import { parseRawConfig } from './raw-config.ts';
import { readDestination } from './read-destination.ts';

const SSH = '[destination]\nbackup_destination=ssh\n';
const S3 = '[destination]\nbackup_destination=s3\n[s3]\nBUCKET=b\n';
const LOCAL = '[destination]\nbackup_destination=local\n';

function read(content: string) {
  const warnings: string[] = [];
  const raw = parseRawConfig(content, '/cfg', (message) => warnings.push(message));
  expect(warnings).toEqual([]);
  return readDestination(createOptions('/cfg', raw));
}

/** What the operator gets to see, without the file's name, which must begin it. */
function errorOf(content: string): string {
  try {
    read(content);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const message = describeError(error);
    expect(message.startsWith('/cfg: ')).toBe(true);
    return message.slice('/cfg: '.length);
  }
  throw new Error('The text was accepted');
}

/** `ssh, s3 or local`. */
const KINDS = listWords(DESTINATION_KINDS);

describe('[destination]', () => {
  test.each(['', '[destination]\n', '[destination]\nkeep_local_path=/x\n'])(
    'backup_destination absent from %j is an error that says what to write',
    (content) => {
      expect(errorOf(content)).toBe(
        `[destination] backup_destination is missing\nWrite backup_destination=${KINDS} into the section [destination].`,
      );
    },
  );

  test('an unknown destination lists the known ones', () => {
    expect(errorOf('[destination]\nbackup_destination=shs\n')).toBe(
      `[destination] backup_destination must be ${KINDS}, got "shs"`,
    );
    expect(errorOf('[destination]\nbackup_destination=S3\n')).toBe(
      `[destination] backup_destination must be ${KINDS}, got "S3"; did you mean s3?`,
    );
  });

  test.each(['az', 'gcs'])('%s is an error until it is supported', (kind) => {
    expect(errorOf(`[destination]\nbackup_destination=${kind}\n[${kind}]\nx=y\n`)).toBe(
      `[destination] backup_destination ${kind} is not supported yet\nUse ${KINDS}.`,
    );
  });

  test('only the section of the selected destination is checked', () => {
    const wrong =
      '[local]\nbackup_dir=relative\n[s3]\npart_size=huge\nAWS_ACCESS_KEY_ID=x\n[ssh]\nport=none\n';
    expect(errorOf(`${LOCAL}${wrong}`)).toContain('[local] backup_dir');
    expect(errorOf(`${SSH}${wrong}`)).toContain('[ssh] port');
    expect(errorOf(`[destination]\nbackup_destination=s3\n${wrong}`)).toContain('[s3]');
    expect(read(`${LOCAL}${wrong.slice(wrong.indexOf('[s3]'))}`).kind).toBe('local');
  });
});

describe('[ssh]', () => {
  test('has the defaults of the Python tool, known_hosts of this user, and accepts new hosts', () => {
    expect(read(SSH)).toEqual({
      kind: 'ssh',
      host: '127.0.0.1',
      port: 22,
      user: 'root',
      keyFile: '/root/.ssh/id_rsa',
      backupDir: '/var/backup',
      knownHosts: join(homedir(), '.ssh/known_hosts'),
      hostKeyChecking: 'accept-new',
    });
  });

  test('every option is read', () => {
    const lines =
      '[ssh]\nknown_hosts=/etc/ssh/known\nhost_key_checking=strict\nbackup_dir=~/b/\nssh_key=~/k\n';
    expect(read(SSH + lines)).toMatchObject({
      knownHosts: '/etc/ssh/known',
      hostKeyChecking: 'strict',
      backupDir: 'b',
      keyFile: join(homedir(), 'k'),
    });
  });

  test.each([
    ['backup_dir=~bob/copies', 'backup_dir must be a path without ~USER, got "~bob/copies"'],
    ['port=0', 'port must be a whole number from 1 to 65535, got "0"'],
    ['port=65536', 'port must be a whole number from 1 to 65535, got "65536"'],
    [
      'host_key_checking=strct',
      'host_key_checking must be accept-new or strict, got "strct"; did you mean strict?',
    ],
  ])('%s is an error', (line, message) => {
    expect(errorOf(`${SSH}[ssh]\n${line}\n`)).toBe(`[ssh] ${message}`);
  });
});

describe('[s3]', () => {
  test('needs a bucket only, and leaves the rest to AWS', () => {
    expect(read(S3)).toEqual({
      kind: 's3',
      bucket: 'b',
      prefix: '',
      region: 'us-east-1',
      credentials: undefined,
      endpointUrl: undefined,
      pathStyle: false,
      storageClass: undefined,
      sse: undefined,
      sseKmsKeyId: undefined,
      checksums: 'when_supported',
      partSize: undefined,
      concurrency: 4,
    });
  });

  test.each([
    ['', ''],
    ['site1', 'site1/'],
    ['site1//', 'site1/'],
    ['"a b/c"', 'a b/c/'],
    ['größe', 'größe/'],
  ])('prefix %s is %j before each key', (written, prefix) => {
    expect(read(`${S3}prefix = ${written}\n`)).toMatchObject({ prefix });
  });

  test.each(['/site1', '/', '..', 'a/../b', './a', 'a//b', 'a/.partial', 'a\tb'])(
    'prefix %s is an error',
    (written) => {
      expect(errorOf(`${S3}prefix = ${written}\n`)).toBe(
        `[s3] prefix must be a path such as site1 or backups/site1, without a slash at its beginning and without \`..\`, got ${JSON.stringify(written)}`,
      );
    },
  );

  test('every option is read, whatever the case of its name', () => {
    const destination = read(`[destination]
backup_destination=s3
[s3]
aws_access_key_id = "AKIA"
Aws_Secret_Access_Key = a#b;c"d
aws_default_region=eu-west-1
bucket='copies'
Prefix = backups/site 1/
endpoint_url=http://127.0.0.1:9000
path_style=no
storage_class=STANDARD_IA
sse=aws:kms
sse_kms_key_id=arn:aws:kms:x:1:key/2
checksums=when_required
part_size=64M
concurrency=8
`);
    expect(destination).toEqual({
      kind: 's3',
      bucket: 'copies',
      prefix: 'backups/site 1/',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIA', secretAccessKey: expect.anything() },
      endpointUrl: 'http://127.0.0.1:9000',
      pathStyle: false,
      storageClass: 'STANDARD_IA',
      sse: 'aws:kms',
      sseKmsKeyId: 'arn:aws:kms:x:1:key/2',
      checksums: 'when_required',
      partSize: 64 * 1024 ** 2,
      concurrency: 8,
    });
    expect(destination.kind === 's3' && destination.credentials?.secretAccessKey.reveal()).toBe('a#b;c"d');
    expect(JSON.stringify(destination)).not.toContain('a#b');
  });

  test.each([
    ['', false],
    ['path_style=yes', true],
    ['endpoint_url=http://h', true],
    ['endpoint_url=http://h\npath_style=no', false],
    ['endpoint_url=', false],
  ])('with %j path style is %j', (lines, pathStyle) => {
    expect(read(`${S3}${lines}\n`)).toMatchObject({ pathStyle });
  });

  test.each([
    ['67108864', 64 * 1024 ** 2],
    ['64MiB', 64 * 1024 ** 2],
    ['5M', 5 * 1024 ** 2],
    ['1G', 1024 ** 3],
  ])('part_size may be %s', (written, partSize) => {
    expect(read(`${S3}part_size=${written}\n`)).toMatchObject({ partSize });
  });

  test.each([
    ['AWS_ACCESS_KEY_ID=x', 'AWS_SECRET_ACCESS_KEY is missing beside AWS_ACCESS_KEY_ID'],
    ['AWS_SECRET_ACCESS_KEY=hunter2', 'AWS_ACCESS_KEY_ID is missing beside AWS_SECRET_ACCESS_KEY'],
    [
      'AWS_SECRET_ACCESS_KEY=hunter2%(hunter3)s',
      'AWS_SECRET_ACCESS_KEY refers to an option, which neither [s3]',
    ],
    [
      'AWS_SECRET_ACCESS_KEY=%(aws_secret_access_key)s',
      'AWS_SECRET_ACCESS_KEY refers to an option in too many steps',
    ],
    ['sse=aes256', 'sse must be AES256 or aws:kms, got "aes256"; did you mean AES256?'],
    ['sse_kms_key_id=x', 'sse_kms_key_id needs sse=aws:kms'],
    ['sse=AES256\nsse_kms_key_id=x', 'sse_kms_key_id needs sse=aws:kms'],
    ['checksums=never', 'checksums must be when_supported or when_required, got "never"'],
    [
      'part_size=2G',
      'part_size must be a size from 5 MiB to 2047 MiB, such as 64M, 64MiB or 67108864, got "2G"',
    ],
    [
      'part_size=4M',
      'part_size must be a size from 5 MiB to 2047 MiB, such as 64M, 64MiB or 67108864, got "4M"',
    ],
    ['concurrency=0', 'concurrency must be a whole number of at least 1, got "0"'],
    ['path_style=perhaps', 'path_style must be yes or no, got "perhaps"'],
    ['endpoint_url=http://u:hunter2@h', 'endpoint_url must be a URL that starts with'],
  ])('%j is an error that tells no secret', (lines, message) => {
    const error = errorOf(`${S3}${lines}\n`);
    expect(error.startsWith(`[s3] ${message}`)).toBe(true);
    expect(error).not.toContain('hunter');
  });

  test.each(['', '[s3]\n', '[s3]\nBUCKET=\n', '[s3]\nBUCKET\n', '[s3]\nBUCKET=""\n'])(
    'a missing bucket in %j is an error',
    (section) => {
      expect(errorOf(`[destination]\nbackup_destination=s3\n${section}`)).toBe(
        '[s3] BUCKET is missing\nWrite BUCKET=NAME, the bucket that holds the copies.',
      );
    },
  );
});
