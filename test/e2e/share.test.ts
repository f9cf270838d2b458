import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configureLocal } from '../fixtures/backup-run.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';
import { expectOneMessage } from './messages.ts';

const lab = useLab();
let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('source/file', 'content');
  source = join(sandbox.dir, 'source');
});
afterEach(() => sandbox[Symbol.dispose]());

/** Backs the source up to S3, encrypted, with a plain copy on this machine. Returns what `ls` prints of both. */
async function backUpToS3(): Promise<{ readonly kept: string; readonly copy: string }> {
  const sections = destinationSections('s3', sandbox, lab);
  sandbox.configure({
    ...sections,
    source: { backup_dirs: source },
    destination: { ...sections['destination'], keep_local_path: join(sandbox.dir, 'kept') },
    gpg: { recipient: lab.gpg.recipient, keyring: lab.gpg.keyring },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
  expect(await sandbox.backup()).toMatchObject({ exitCode: 0, stderr: '' });
  const { stdout } = await sandbox.run('ls');
  const ours = stdout.split('\n').filter((line) => line.includes(source.replaceAll('/', '_')));
  const [kept = '', copy = ''] = ours;
  return { kept, copy };
}

it('share prints a URL and nothing else, for a location, a key, a name, and the place of the local copy', {
  timeout: 180_000,
}, async () => {
  const { kept, copy } = await backUpToS3();
  const key = copy.replace(`s3://${lab.s3.bucket}/`, '');
  const lengths = [];
  for (const wanted of [copy, key, key.slice(key.lastIndexOf('/') + 1), kept]) {
    const { exitCode, stdout, stderr } = await sandbox.run('share', wanted, '--expires', '5m');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^http:\S+&X-Amz-Expires=300&\S+\n$/);
    expect(stdout).not.toContain(lab.s3.secretKey);
    lengths.push((await (await fetch(stdout.trim())).arrayBuffer()).byteLength);
  }
  expect(lengths[0]).toBeGreaterThan(100);
  expect(new Set(lengths).size).toBe(1);

  const listed = await sandbox.run('share');
  expect(listed.stdout.split('\n')).toContain(copy);
  expect(listed.stdout).not.toContain(kept);
  expect(listed).toMatchObject({
    exitCode: 1,
    stderr: 'ERROR: Choose one of the copies listed above: twindb-backup share COPY [--expires TIME]\n',
  });
  expectOneMessage(await sandbox.run('share', 's3://other-bucket/db1/daily/files/x.tar.gz'), {
    exitCode: 1,
    says: /^There is no copy s3:\/\/other-bucket\/\S+ on s3:\/\/lab$/,
    remedy: /twindb-backup ls/,
  });
});

it('share of a copy on a disk is an error that says what else to do', async () => {
  configureLocal(sandbox, [source]);
  for (const args of [['share'], ['share', 'db1/daily/files/x.tar.gz']]) {
    expectOneMessage(await sandbox.run(...args), {
      exitCode: 1,
      says: /^Cannot share copies on \S+: a destination of kind local has no URLs/,
      remedy: /^Copies on S3 can be shared\./,
    });
  }
});

it('share refuses a time beyond seven days as an error of usage', async () => {
  const { exitCode, stdout, stderr } = await sandbox.run('share', 'x', '--expires', '8d');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('at most 7 days');
});
