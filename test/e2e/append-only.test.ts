import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { deadOwner } from '../fixtures/owners.ts';
import { labConfig, observe, plantUpload } from '../integration/s3-lab.ts';
import { knownLine, type MortalSshd, makeSshd } from '../integration/ssh-server.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, type Sandbox } from './cli.ts';

const lab = useLab();
const SILENT = { exitCode: 0, signal: null, stdout: '', stderr: '' };
/** What a backup may do in the bucket: everything but deleting and aborting uploads. */
const RIGHTS = [
  's3:PutObject',
  's3:GetObject',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:ListMultipartUploadParts',
];

let sandbox: Sandbox;
let sshd: MortalSshd | undefined;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('src/data', randomBytes(6_000_000));
});
afterEach(async () => {
  await sshd?.kill();
  sshd = undefined;
  sandbox[Symbol.dispose]();
});

/** A destination whose credentials may write and not delete, and a look at it with all rights. */
interface Place {
  readonly sections: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  readonly keys: () => Promise<string[]>;
  readonly remove: (key: string) => Promise<void>;
}

/** The owner of the bucket, and another user, whom its policy lets do what RIGHTS say. */
async function inBucket(): Promise<Place & { readonly bucket: string; readonly owner: S3Client }> {
  const { s3 } = lab;
  const bucket = `append-${process.pid}-${Date.now()}`;
  const owner = observe(labConfig());
  await owner.send(new CreateBucketCommand({ Bucket: bucket }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: ['arn:aws:iam:::user/quota'] },
        Action: RIGHTS,
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ],
  });
  await owner.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  return {
    bucket,
    owner,
    sections: {
      destination: { backup_destination: 's3' },
      s3: {
        BUCKET: bucket,
        endpoint_url: s3.endpoint,
        AWS_ACCESS_KEY_ID: s3.quotaAccessKey,
        AWS_SECRET_ACCESS_KEY: s3.quotaSecretKey,
        checksums: 'when_required',
        part_size: '5M',
      },
    },
    async keys() {
      const { Contents = [] } = await owner.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async remove(key) {
      await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}

/** An SFTP server that refuses to remove anything. */
async function onServer(): Promise<Place> {
  const folder = join(sandbox.dir, 'sshd');
  mkdirSync(folder);
  sshd = await makeSshd(lab.ssh, folder, [], 'internal-sftp -P remove,rmdir');
  await sshd.start();
  const root = join(sandbox.dir, 'copies');
  return {
    sections: {
      destination: { backup_destination: 'ssh' },
      ssh: {
        backup_host: '127.0.0.1',
        port: sshd.port,
        ssh_user: lab.ssh.user,
        ssh_key: lab.ssh.key,
        known_hosts: sandbox.file('known_hosts', knownLine(lab.ssh, sshd.port, 'ed25519')),
        backup_dir: root,
      },
    },
    async keys() {
      const names = readdirSync(root, { recursive: true, withFileTypes: true });
      return names
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
    },
    async remove(key) {
      rmSync(join(root, key));
    },
  };
}

function configure({ sections }: Place, remote: 'on' | 'off'): void {
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'src') },
    ...sections,
    retention: { daily_copies: 1, remote },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

const isCopy = (key: string) => key.includes('/daily/files/');

describe.each([
  { name: 's3', make: inBucket },
  { name: 'ssh', make: onServer },
])('a destination on $name where nothing may be deleted', { timeout: 240_000 }, ({ make }) => {
  it('fails each run, and the message names the option that keeps all copies', async () => {
    const place = await make();
    configure(place, 'on');
    await sandbox.backup();
    const result = await sandbox.backup();
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/^ERROR: Cannot remove 1 expired copies from \S+: /m);
    expect(result.stderr).toMatch(
      /, or set \[retention\] remote=off when nothing is to be deleted from this machine/,
    );
  });

  it('keeps all copies in silence with remote=off, and those that somebody else removes leave the status', async () => {
    const place = await make();
    configure(place, 'off');
    expect((await sandbox.backup()).exitCode).toBe(0);
    expect(await sandbox.backup()).toEqual(SILENT);
    const copies = (await place.keys()).filter(isCopy).toSorted();
    expect(copies).toHaveLength(2);
    expect(await sandbox.run('check')).toMatchObject({ exitCode: 0, stdout: '' });
    await place.remove(copies[0] ?? '');
    expect((await sandbox.run('check')).exitCode).toBe(1);
    expect(await sandbox.backup()).toEqual(SILENT);
    expect(await sandbox.run('check')).toMatchObject({ exitCode: 0, stdout: '' });
    expect((await place.keys()).filter(isCopy)).toHaveLength(2);
  });

  it('is well to the doctor with remote=off, however often it looks, and one object of its own stays', async () => {
    const place = await make();
    configure(place, 'off');
    expect((await sandbox.backup()).exitCode).toBe(0);
    for (let look = 1; look <= 2; look++) {
      const { stdout } = await sandbox.run('doctor', '--lock-file', join(sandbox.dir, 'lock'));
      expect(stdout).toMatch(
        /^ok +destination: \S+: wrote, replaced and read back 64\.0 KiB, which stay as \S+\/doctor\.kept: \[retention\] remote is off$/m,
      );
    }
    expect((await place.keys()).filter((key) => key.includes('doctor.'))).toEqual([
      `${hostname()}/doctor.kept`,
    ]);
    expect(await sandbox.backup()).toEqual(SILENT);
  });

  it('is no failure after remote=off, also for what was to be deleted before', async () => {
    const place = await make();
    configure(place, 'on');
    for (const exitCode of [0, 1]) expect((await sandbox.backup()).exitCode).toBe(exitCode);
    configure(place, 'off');
    expect(await sandbox.backup()).toEqual(SILENT);
    const { exitCode, stdout } = await sandbox.run('check');
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringMatching(/: expired, and kept: \[retention\] remote is off\n$/),
    ]);
  });
});

describe('a bucket where uploads may not be aborted either', { timeout: 240_000 }, () => {
  it('is warned of once for what a dead run has left, and the run succeeds', async () => {
    const { bucket, ...place } = await inBucket();
    configure(place, 'off');
    const { s3 } = lab;
    const credentials = { accessKeyId: s3.quotaAccessKey, secretAccessKey: new Secret(s3.quotaSecretKey) };
    await plantUpload(labConfig({ bucket, credentials }), hostname(), deadOwner());
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/WARNING: Cannot remove partial files left by earlier runs: /);
    expect(await sandbox.backup()).toEqual(SILENT);
  });
});
