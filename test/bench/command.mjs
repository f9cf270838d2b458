// The built command with a configuration of its own for each case.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

/** BENCH_MAIN: another build, to compare with. */
export const MAIN =
  process.env.BENCH_MAIN ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The sections for each destination; `place` is a folder, where the destination has folders. */
const DESTINATIONS = {
  local: (place) => ({ local: { backup_dir: place } }),
  ssh: (place, { ssh }) => ({
    ssh: {
      backup_host: ssh.host,
      port: ssh.port,
      ssh_user: ssh.user,
      ssh_key: ssh.key,
      known_hosts: ssh.knownHosts,
      backup_dir: place,
    },
  }),
  s3: (_place, { s3 }) => ({
    s3: {
      AWS_ACCESS_KEY_ID: s3.accessKey,
      AWS_SECRET_ACCESS_KEY: s3.secretKey,
      AWS_DEFAULT_REGION: s3.region,
      BUCKET: s3.bucket,
      endpoint_url: s3.endpoint,
      path_style: 'yes',
      // The lab's Ceph is old; see test/lab/rgw.sh.
      checksums: 'when_required',
    },
  }),
};

/**
 * The command on one configuration. `destination` is a kind, `source` a folder, `media` what is backed up (files unless
 * it says mysql), `sections` more of the configuration. `backup` and `restore` are argument arrays to measure; `copy`
 * runs `ls` and returns the newest copy.
 */
export function createCommand({ dir, lab }, name, { destination, source, media = 'files', sections = {} }) {
  const place = `${dir}/copies-${name}`;
  const config = `${dir}/${name}.cfg`;
  const empty = async () => {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { mode: 0o700 });
    if (destination === 's3') await emptyBucket(lab.s3);
  };
  mkdirSync(place, { mode: 0o700 });
  const base = {
    source: source === undefined ? {} : { backup_dirs: source },
    destination: { backup_destination: destination },
    measures: { log: `${dir}/measures.log` },
    ...DESTINATIONS[destination](place, lab),
  };
  const merged = { ...base, ...sections, source: { ...base.source, ...sections.source } };
  if (sections.s3) merged.s3 = { ...base.s3, ...sections.s3 };
  writeFileSync(config, formatSections(merged), { mode: 0o600 });
  const argv = (...args) => [MAIN, '--config', config, ...args];
  return {
    place,
    empty,
    backup: argv('backup', '--lock-file', `${dir}/lock`, 'daily'),
    restore: (copy, dst) => argv('restore', media === 'files' ? 'file' : media, copy, '--dst', dst),
    copy() {
      const [file, ...args] = argv('ls', '--type', media);
      return execFileSync(file, args, { encoding: 'utf8' }).trim().split('\n').at(-1);
    },
  };
}

/** The lab's object store is small: room for one long stream. */
async function emptyBucket({ endpoint, region, bucket, accessKey, secretKey }) {
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  client.destroy();
}

function formatSections(sections) {
  return Object.entries(sections)
    .map(([name, options]) => {
      const lines = Object.entries(options).map(([option, value]) => `${option}=${value}\n`);
      return `[${name}]\n${lines.join('')}`;
    })
    .join('\n');
}
