import { mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examineAll } from '../../src/jobs/doctor/doctor.ts';
import type { JobContext } from '../../src/jobs/job-context.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { createGnupg } from '../fixtures/gnupg.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type Sandbox } from './cli.ts';

const lab = useLab();

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  sandbox.file('source/file', 'content');
});
afterEach(() => sandbox[Symbol.dispose]());

interface Finding {
  readonly part: string;
  readonly severity: 'ok' | 'note' | 'warning' | 'failure';
  readonly message: string;
}

/** Runs the doctor and returns its exit code and findings. */
async function examine(): Promise<{ exitCode: number | null; findings: Finding[] }> {
  const { exitCode, stdout, stderr } = await sandbox.run(
    'doctor',
    '--json',
    '--lock-file',
    join(sandbox.dir, 'lock'),
  );
  expect(stderr).toBe('');
  const { success, findings } = JSON.parse(stdout) as { success: boolean; findings: Finding[] };
  expect(success).toBe(exitCode === 0);
  return { exitCode, findings };
}

const messages = (findings: readonly Finding[], part: string, severity: Finding['severity']): string[] =>
  findings.filter((each) => each.part === part && each.severity === severity).map(({ message }) => message);

/** Every object of this host, whatever it is. */
async function objectsOfHost(): Promise<string[]> {
  const { returned } = await runJob(sandbox, {}, async ({ destination }) => {
    const keys: string[] = [];
    for await (const { key } of destination.list(`${hostname()}/`)) keys.push(key);
    return keys;
  });
  return returned.toSorted();
}

it.each(['local', 'ssh', 's3'] as const)(
  '%s: all is well, before the first backup and after it, and nothing is left',
  async (kind) => {
    const { destination, ...place } = destinationSections(kind, sandbox, lab);
    configureLocal(sandbox, [join(sandbox.dir, 'source')], {
      ...place,
      destination: { ...destination, keep_local_path: join(sandbox.dir, 'kept') },
    });
    const before = await objectsOfHost();
    const first = await examine();
    expect(first.exitCode).toBe(0);
    expect(first.findings.filter(({ severity }) => severity === 'warning' || severity === 'failure')).toEqual(
      [],
    );
    for (const part of ['destination', 'keep_local_path']) {
      expect(messages(first.findings, part, 'ok')[0]).toMatch(
        /: wrote, replaced, read back and deleted 64\.0 KiB$/,
      );
    }
    // S3 has no end.
    expect(messages(first.findings, 'destination', 'note')).toHaveLength(kind === 's3' ? 0 : 1);
    expect(await objectsOfHost()).toEqual(before);
    expect(readdirSync(sandbox.dir)).not.toContain('lock.lock');

    expect(await sandbox.backup()).toMatchObject({ exitCode: 0 });
    const second = await examine();
    expect(second.exitCode).toBe(0);
    expect(messages(second.findings, 'last copies', 'ok')).toEqual(['Every source has a recent copy']);
    expect(messages(second.findings, 'signing key', 'ok')).toHaveLength(1);
  },
);

it('says in a line each what is, with the remedy below', async () => {
  configureLocal(sandbox, [join(sandbox.dir, 'source'), join(sandbox.dir, 'absent')]);
  const { exitCode, stdout, stderr } = await sandbox.run('doctor', '--lock-file', join(sandbox.dir, 'lock'));
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  expect(stdout).toMatch(/^ok {6}configuration: .*: 2 directories\n/);
  expect(stdout).toContain(
    `FAILURE directories: Cannot back up ${join(sandbox.dir, 'absent')}: it does not exist\n        Correct [source] backup_dirs.\n`,
  );
});

it('removes the probe of a doctor that was killed, when it is old', async () => {
  configureLocal(sandbox, [join(sandbox.dir, 'source')]);
  const young = sandbox.file(`repository/${hostname()}/doctor.young`, 'x');
  const old = sandbox.file(`repository/${hostname()}/doctor.old`, 'x');
  utimesSync(old, 0, 0);
  expect((await examine()).exitCode).toBe(0);
  expect(await objectsOfHost()).toEqual([`${hostname()}/doctor.young`]);
  expect(readFileSync(young, 'utf8')).toBe('x');
});

/** Examines in this process, with another clock or destination. */
async function examineHere(
  change: (context: JobContext) => Partial<JobContext>,
  limitMs?: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  await runJob(sandbox, {}, (context) =>
    examineAll(
      { ...context, ...change(context), lockPath: join(sandbox.dir, 'lock') },
      (finding) => findings.push(finding),
      limitMs,
    ),
  );
  return findings;
}

it('removes its probe when it takes too long, before it goes on', async () => {
  configureLocal(sandbox, [join(sandbox.dir, 'source')]);
  let removals = 0;
  const findings = await examineHere(
    ({ destination }) => ({
      destination: {
        ...destination,
        read: (key, options) =>
          key.includes('/doctor.') ? new Readable({ read: () => undefined }) : destination.read(key, options),
        async delete(key) {
          await delay(1000);
          await destination.delete(key);
          removals += 1;
        },
      },
    }),
    3000,
  );
  expect(removals).toBe(1);
  expect(messages(findings, 'destination', 'failure')).toEqual([
    expect.stringContaining('no end after 3 seconds'),
  ]);
  expect(await objectsOfHost()).toEqual([]);
});

it('directories that only daily runs back up have no copy of the last hour, and that is usual', async () => {
  configureLocal(sandbox, [join(sandbox.dir, 'source')], { source: { run_types: 'daily' } });
  expect(await sandbox.backup()).toMatchObject({ exitCode: 0 });
  const afterHours = (hours: number) =>
    examineHere(() => ({ now: () => new Date(Date.now() + hours * 3_600_000) }));
  expect(messages(await afterHours(20), 'last copies', 'ok')).toHaveLength(1);
  expect(messages(await afterHours(50), 'last copies', 'warning')).toEqual([
    expect.stringMatching(/^The newest copy of .* would be usual/),
  ]);
  configureLocal(sandbox, [join(sandbox.dir, 'source')], {
    source: { run_types: 'daily' },
    intervals: { run_daily: 'no' },
  });
  expect(messages(await afterHours(0), 'last copies', 'warning')).toEqual([
    expect.stringMatching(/^No run backs up the directories/),
  ]);
});

describe('what would make the next run fail', () => {
  it.each<[string, string, Record<string, Record<string, string | number>>, RegExp]>([
    [
      'a destination that refuses the connection',
      'destination',
      {
        destination: { backup_destination: 'ssh' },
        ssh: { backup_host: '127.0.0.1', port: 1, ssh_key: '/dev/null' },
      },
      /./,
    ],
    ['a lock in a folder that is not there', 'lock', {}, /Cannot take the lock .*\nRun as root/],
    [
      'a compressor that is not installed',
      'compression and encryption',
      { compression: { program: 'lbzip2' } },
      /lbzip2 is not installed/,
    ],
    [
      'no such key',
      'compression and encryption',
      { gpg: { recipient: 'nobody@example.com' } },
      /no such key/,
    ],
    [
      'tar options that lose files',
      'directories',
      { source: { tar_options: '--remove-files' } },
      /--remove-files/,
    ],
  ])('%s', async (_, part, more, says) => {
    configureLocal(sandbox, [join(sandbox.dir, 'source')], more);
    const lock = join(sandbox.dir, part === 'lock' ? 'nowhere/lock' : 'lock');
    const bin = join(sandbox.dir, 'bin');
    mkdirSync(bin);
    const PATH =
      part.startsWith('compression') && 'compression' in more
        ? '/nonexistent:/usr/sbin'
        : (process.env['PATH'] ?? '');
    const { exitCode, stdout } = await sandbox.start(['doctor', '--json', '--lock-file', lock], { PATH })
      .result;
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    expect(messages(findings, part, 'failure').join('\n')).toMatch(says);
    expect(exitCode).toBe(1);
  });
});

it('copies that can only be decrypted elsewhere are a note, as that may be meant', async () => {
  using gnupg = createGnupg();
  const home = gnupg.makeHome('away');
  gnupg.makeKey(home, 'backup@example.com');
  const keyring = gnupg.save('public.gpg', gnupg.gpg(home, '--export'));
  configureLocal(sandbox, [join(sandbox.dir, 'source')], {
    gpg: { recipient: 'backup@example.com', keyring },
  });
  const here = gnupg.makeHome('here');
  const { exitCode, stdout } = await sandbox.start(
    ['doctor', '--json', '--lock-file', join(sandbox.dir, 'lock')],
    {
      GNUPGHOME: here,
    },
  ).result;
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  expect(exitCode).toBe(0);
  expect(messages(findings, 'compression and encryption', 'note')).toEqual([
    expect.stringMatching(/^gpg encrypts; this machine has no secret key/),
  ]);
});
