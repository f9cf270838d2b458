import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from './cli.ts';
import { expectNoProcess, filesBelow } from './leftovers.ts';
import { expectOneMessage } from './messages.ts';
import { mountSmallDisk } from './small-disk.ts';

const lab = useLab();

type Options = Readonly<Record<string, string | number>>;

/** Configures a destination with some options of its section changed; copies are kept locally too. */
function configure(sandbox: Sandbox, kind: LabKind, changed: Options): void {
  const sections = destinationSections(kind, sandbox, lab);
  sandbox.configure({
    source: { backup_dirs: join(sandbox.dir, 'data') },
    ...sections,
    destination: { ...sections['destination'], keep_local_path: join(sandbox.dir, 'kept') },
    [kind]: { ...sections[kind], ...changed },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

interface Case {
  readonly kind: LabKind;
  readonly what: string;
  readonly options: (sandbox: Sandbox) => Options;
  readonly reason: RegExp;
  readonly remedy: RegExp;
}

const NETWORK = /^Check backup_host and port in section \[ssh\]/;

/** `[127.0.0.1]:PORT` with the key of another server. */
function recordAnotherKey(sandbox: Sandbox): string {
  const [type, key] = readFileSync(`${lab.ssh.strangerKey}.pub`, 'utf8').split(' ');
  return sandbox.file('known_hosts', `[${lab.ssh.host}]:${lab.ssh.port} ${type} ${key}\n`);
}

const CASES: readonly Case[] = [
  {
    kind: 'ssh',
    what: 'whose host does not exist',
    options: () => ({ backup_host: 'nohost.invalid' }),
    reason:
      /Cannot connect to nohost\.invalid, port \d+: (there is no host of that name|the name server does not answer)$/,
    remedy: NETWORK,
  },
  {
    kind: 'ssh',
    what: 'whose port is closed',
    options: () => ({ port: 1 }),
    reason: /Cannot connect to 127\.0\.0\.1, port 1: nothing listens on that port$/,
    remedy: NETWORK,
  },
  {
    kind: 'ssh',
    what: 'that does not know our key',
    options: () => ({ ssh_key: lab.ssh.strangerKey }),
    reason: /does not let in user \S+ with the key \S+stranger$/,
    remedy: /^Allow the key there: ssh-copy-id /,
  },
  {
    kind: 'ssh',
    what: 'for which we have no key',
    options: ({ dir }) => ({ ssh_key: join(dir, 'nokey') }),
    reason: /The SSH key \S+nokey does not exist$/,
    remedy: /^Make one with: ssh-keygen /,
  },
  {
    kind: 'ssh',
    what: 'whose host key has changed',
    options: (sandbox) => ({ known_hosts: recordAnotherKey(sandbox) }),
    reason: /The host key of \S+ has changed: .*somebody else may be answering in its place$/,
    remedy: /ssh-keygen -R /,
  },
  {
    kind: 'ssh',
    what: 'unknown under host_key_checking=strict',
    options: ({ dir }) => ({ known_hosts: join(dir, 'none'), host_key_checking: 'strict' }),
    reason: /is not in \S+none and host_key_checking is strict/,
    remedy: /ssh-keyscan /,
  },
  {
    kind: 's3',
    what: 'whose bucket is absent',
    options: () => ({ BUCKET: 'absent-bucket' }),
    reason: /the bucket absent-bucket does not exist$/,
    remedy: /^Create it, or correct \[s3\] BUCKET/,
  },
  {
    kind: 's3',
    what: 'that does not know the access key',
    options: () => ({ AWS_ACCESS_KEY_ID: 'NOSUCHKEY' }),
    reason: /the server does not know access key id NOSUCHKEY$/,
    remedy: /^Correct \[s3\] AWS_ACCESS_KEY_ID/,
  },
  {
    kind: 's3',
    what: 'for which the secret is wrong',
    options: () => ({ AWS_SECRET_ACCESS_KEY: 'wrong-and-secret' }),
    reason: /the secret does not belong to access key id \S+$/,
    remedy: /^Correct \[s3\] AWS_SECRET_ACCESS_KEY/,
  },
  {
    kind: 's3',
    what: 'that nobody answers for',
    options: () => ({ endpoint_url: 'http://127.0.0.1:1' }),
    reason: /no answer from 127\.0\.0\.1:1 /,
    remedy: /^Check the network and \[s3\] endpoint_url/,
  },
];

describe.concurrent('a destination that cannot be used', () => {
  it.each(CASES)('$kind $what: exit 1, why and what to do, nothing stored', async (test) => {
    using sandbox = createSandbox();
    sandbox.file('data/file', 'hello\n');
    configure(sandbox, test.kind, test.options(sandbox));
    const secrets = [lab.s3.secretKey, 'wrong-and-secret'];
    const [backup, ls] = await Promise.all([sandbox.backup('daily', '--debug'), sandbox.run('ls')]);
    const withoutDebug = backup.stderr.replace(/^(DEBUG|INFO): .*\n(?: .*\n)*/gm, '');
    expectOneMessage(
      { ...backup, stderr: withoutDebug },
      { exitCode: 1, says: /^Nothing was backed up: /, remedy: test.remedy, secrets },
    );
    expectOneMessage(ls, { exitCode: 1, says: /^Cannot list /, remedy: test.remedy, secrets });
    for (const { stderr } of [{ stderr: withoutDebug }, ls])
      expect(stderr.split('\n')[0]).toMatch(test.reason);
    for (const secret of secrets) expect(backup.stderr).not.toContain(secret);
    expect(filesBelow(join(sandbox.dir, 'kept'))).toEqual([]);
  });
});

describe.concurrent('a destination folder', () => {
  it.each(['local', 'ssh'] as const)(
    'of %s that cannot be made: exit 1, which and what to do, nothing stored',
    async (kind) => {
      using sandbox = createSandbox();
      sandbox.file('data/file', 'hello\n');
      const inTheWay = sandbox.file('in-the-way', '');
      configure(sandbox, kind, { backup_dir: join(inTheWay, 'copies') });
      expectOneMessage(await sandbox.backup(), {
        exitCode: 1,
        says: /^Cannot back up \S+data: Cannot write \S+: .*(not a folder|a file of that name|cannot make the folder)/,
        remedy: /backup_dir|another folder/,
      });
      expect(filesBelow(join(sandbox.dir, 'kept'))).toEqual([]);
    },
  );

  it('that is a file is not taken for one without copies', async () => {
    using sandbox = createSandbox();
    configure(sandbox, 'local', { backup_dir: sandbox.file('in-the-way', '') });
    expectOneMessage(await sandbox.run('ls'), {
      exitCode: 1,
      says: /^Cannot list \S+in-the-way: .*not a folder$/,
    });
  });

  it.skipIf(process.getuid?.() !== 0)(
    'that others own: exit 1, which and what to do, nothing stored',
    async () => {
      using sandbox = createSandbox();
      sandbox.file('data/file', 'hello\n');
      const copies = join(sandbox.dir, 'copies');
      mkdirSync(copies, { mode: 0o755 });
      chownSync(copies, 65_534, 65_534);
      configure(sandbox, 'local', { backup_dir: copies });
      const result = await sandbox.runBound('backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily');
      expectOneMessage(result, {
        exitCode: 1,
        says: /^Cannot back up \S+data: Cannot write \S+: no permission on \S+copies$/,
        remedy: /^Let uid 0 read and write \S+copies, or configure another folder/,
      });
      expect([filesBelow(copies), filesBelow(join(sandbox.dir, 'kept'))]).toEqual([[], []]);
    },
  );
});

const MIB = 1024 ** 2;

describe.concurrent('a full disk', () => {
  it.for(['local', 'ssh'] as const)(
    'of %s: exit 1, said so, and nothing is left anywhere',
    async (kind, { skip }) => {
      using sandbox = createSandbox();
      sandbox.file('data/file', randomBytes(12 * MIB));
      const path = join(sandbox.dir, 'disk');
      using disk = mountSmallDisk(path, 4 * MIB);
      if (!disk) skip('mounting is not allowed here');
      configure(sandbox, kind, { backup_dir: path });
      expectOneMessage(await sandbox.backup(), {
        exitCode: 1,
        says: /^Cannot back up \S+data: Cannot write \S+: no space left on \S+/,
        remedy: /^Free space there, or keep fewer copies/,
      });
      expect([filesBelow(path), filesBelow(join(sandbox.dir, 'kept'))]).toEqual([[], []]);
      expectNoProcess(join(sandbox.dir, 'data'));
    },
  );

  it('below keep_local_path: exit 1, said so, and nothing is at the destination either', async ({ skip }) => {
    using sandbox = createSandbox();
    sandbox.file('data/file', randomBytes(12 * MIB));
    using disk = mountSmallDisk(join(sandbox.dir, 'kept'), 4 * MIB);
    if (!disk) skip('mounting is not allowed here');
    configure(sandbox, 'local', { backup_dir: join(sandbox.dir, 'copies') });
    expectOneMessage(await sandbox.backup(), {
      exitCode: 1,
      says: /^Cannot back up \S+data: Cannot write \S+kept\S+: no space left on \S+kept$/,
      remedy: /^Free space there/,
    });
    expect([filesBelow(join(sandbox.dir, 'copies')), filesBelow(join(sandbox.dir, 'kept'))]).toEqual([
      [],
      [],
    ]);
  });

  it('of S3 (a quota): exit 1, said so, and nothing is left anywhere', async () => {
    using sandbox = createSandbox();
    sandbox.file('data/file', randomBytes(12 * MIB));
    configure(sandbox, 's3', {
      BUCKET: lab.s3.quotaBucket,
      AWS_ACCESS_KEY_ID: lab.s3.quotaAccessKey,
      AWS_SECRET_ACCESS_KEY: lab.s3.quotaSecretKey,
    });
    expectOneMessage(await sandbox.backup(), {
      exitCode: 1,
      says: /^Cannot back up \S+data: Cannot write s3:\S+: the destination is full, its quota is exceeded$/,
      remedy: /^Raise the quota, or keep fewer copies/,
      secrets: [lab.s3.quotaSecretKey],
    });
    const sanitized = sandbox.dir.replaceAll('/', '_');
    const [ls, status] = await Promise.all([sandbox.run('ls'), sandbox.run('status', '--type', 'files')]);
    expect([ls.exitCode, status.exitCode]).toEqual([0, 0]);
    expect(ls.stdout + status.stdout).not.toContain(sanitized);
    expect(filesBelow(join(sandbox.dir, 'kept'))).toEqual([]);
  });
});
