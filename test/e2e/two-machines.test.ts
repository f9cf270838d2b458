import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAges } from '../../src/jobs/check/check-ages.ts';
import { backUpHere, runJob } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type LabKind, type Result, type Sandbox } from './cli.ts';

const lab = useLab();

/** A host name of its own: other tests use the same bucket. */
const HOST = `twins-${process.pid}`;

/** Another folder for the number that the machine ID comes from, below one host name. */
const AS = `
  hostname "$1" && mkdir -p /var/lib/twindb-backup && mount --bind "$0" /var/lib/twindb-backup && shift && exec "$@"`;

/** Runs the command as the machine `name` of one host name. */
function runAs(sandbox: Sandbox, name: string, ...args: string[]): Promise<Result> {
  const state = join(sandbox.dir, `state of ${name}`);
  mkdirSync(state, { recursive: true });
  return sandbox.startUnder(['unshare', '--uts', '--mount', 'sh', '-c', AS, state, HOST], args).result;
}

const backUpAs = (sandbox: Sandbox, name: string, ...options: string[]) =>
  runAs(sandbox, name, 'backup', '--lock-file', join(sandbox.dir, `lock of ${name}`), 'daily', ...options);

interface Listed {
  readonly key: string;
  readonly machine_id: string | null;
}

async function listCopies(sandbox: Sandbox): Promise<Listed[]> {
  const { stdout } = await sandbox.run('ls', '--json', '--type', 'files');
  const { copies } = JSON.parse(stdout) as { copies: Listed[] };
  return copies.filter(({ key }) => key.startsWith(`${HOST}/`));
}

/** How many copies each machine has, the one that began first before the others. */
async function countCopies(sandbox: Sandbox): Promise<number[]> {
  const ids = (await listCopies(sandbox)).map(({ machine_id }) => machine_id);
  return [...new Set(ids)].map((id) => ids.filter((each) => each === id).length);
}

function configure(sandbox: Sandbox, kind: LabKind, copies: number, more = {}): void {
  const folder = join(sandbox.file('data/file', 'content'), '..');
  const sections = destinationSections(kind, sandbox, lab);
  sandbox.configure({
    source: { backup_dirs: folder },
    ...sections,
    ...more,
    retention: { daily_copies: copies },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

const QUIET = { exitCode: 0, stdout: '', stderr: '' };
const OTHER =
  /^WARNING: Another machine is backed up under the host name twins-\d+: \S+ is of machine [0-9a-f]{12}, this is machine/m;
const NEW =
  /^WARNING: The copies of twins-\d+ so far are of machine [0-9a-f]{12}, this is machine [0-9a-f]{12}: its first backup/m;

describe.each(['local', 'ssh', 's3'] as const)('two machines of one host name on %s', (kind) => {
  it('each keep as many copies as they are to, and leave those of the other; one warning each says so', async () => {
    using sandbox = createSandbox();
    configure(sandbox, kind, 2);
    const first = await backUpAs(sandbox, 'one');
    expect(first.exitCode).toBe(0);
    expect(await backUpAs(sandbox, 'one')).toMatchObject(QUIET);
    // Two are to be kept, and the third one is of a machine that has not been seen before: nothing is deleted.
    const began = await backUpAs(sandbox, 'two');
    expect(began.exitCode).toBe(0);
    expect(began.stderr).toMatch(NEW);
    expect(await countCopies(sandbox)).toEqual([2, 1]);
    const noticed = await backUpAs(sandbox, 'one');
    expect(noticed.exitCode).toBe(0);
    expect(noticed.stderr.match(/WARNING/g)).toHaveLength(1);
    expect(noticed.stderr).toMatch(OTHER);
    const answered = await backUpAs(sandbox, 'two');
    expect(answered.stderr.match(/WARNING/g)).toHaveLength(1);
    expect(answered.stderr).toMatch(OTHER);
    expect(await backUpAs(sandbox, 'one')).toMatchObject(QUIET);
    expect(await backUpAs(sandbox, 'two')).toMatchObject(QUIET);
    expect(await countCopies(sandbox)).toEqual([2, 2]);
    // Whatever a machine may not do with the copies of another one, it sees and restores them.
    expect((await runAs(sandbox, 'one', 'check', '--hostname', HOST)).stderr).toMatch(OTHER);
  });
});

describe('a machine that was installed again', () => {
  it('deletes nothing in its first run, and then lets the copies of before expire', async () => {
    using sandbox = createSandbox();
    configure(sandbox, 'local', 2);
    await backUpAs(sandbox, 'before');
    await backUpAs(sandbox, 'before');
    expect((await backUpAs(sandbox, 'after')).stderr).toMatch(NEW);
    expect(await countCopies(sandbox)).toEqual([2, 1]);
    expect(await backUpAs(sandbox, 'after')).toMatchObject(QUIET);
    expect(await countCopies(sandbox)).toEqual([2]);
  });
});

describe('[host] name', () => {
  it('stands for the machine: its own copies expire on whatever machine the container runs', async () => {
    using sandbox = createSandbox();
    configure(sandbox, 'local', 2, { host: { name: HOST } });
    await backUpAs(sandbox, 'one');
    for (const machine of ['two', 'three', 'one']) {
      expect(await backUpAs(sandbox, machine)).toMatchObject(QUIET);
    }
    expect(await listCopies(sandbox)).toEqual([
      expect.objectContaining({ machine_id: HOST }),
      expect.objectContaining({ machine_id: HOST }),
    ]);
  });

  it('replaces the host name in keys, and `status` and `check` look there', async () => {
    using sandbox = createSandbox();
    configure(sandbox, 'local', 2, { host: { name: 'given-name' } });
    await sandbox.backup();
    const { stdout } = await sandbox.run('status', '--type', 'files');
    const [key] = Object.keys((JSON.parse(stdout) as { daily: object }).daily);
    expect(key).toMatch(/^given-name\/daily\/files\//);
    expect(await sandbox.run('check', '--max-age', '1h')).toMatchObject(QUIET);
  });

  it.each(['a/b', '..', '-x', '.hidden', 'a b'])('%j is refused with exit 78', async (name) => {
    using sandbox = createSandbox();
    configure(sandbox, 'local', 2, { host: { name } });
    const { exitCode, stderr } = await sandbox.backup();
    expect(exitCode).toBe(78);
    expect(stderr).toContain(`[host] name must be a name of letters, digits`);
  });
});

describe('a machine that can keep no ID', () => {
  it('is one machine all the same, and its copies expire', async () => {
    using sandbox = createSandbox();
    configure(sandbox, 'local', 2);
    const state = join(sandbox.dir, 'state');
    mkdirSync(state);
    // Neither folder can be written to, not even by root.
    const script = `mount --bind "$0" /var/lib/twindb-backup && mount -o remount,bind,ro /var/lib/twindb-backup && exec "$@"`;
    const run = (...args: string[]) =>
      sandbox.startUnder(['unshare', '--mount', 'sh', '-c', script, state], args, {
        XDG_STATE_HOME: '/proc/none',
      }).result;
    await sandbox.run('ls');
    for (let index = 0; index < 3; index += 1) {
      expect((await run('backup', '--lock-file', join(sandbox.dir, 'lock'), 'daily')).exitCode).toBe(0);
    }
    const { stdout } = await sandbox.run('ls', '--json');
    const { copies } = JSON.parse(stdout) as { copies: Listed[] };
    expect(copies.map(({ machine_id }) => machine_id)).toEqual(['unknown', 'unknown']);
  });
});

describe('check --max-age', () => {
  it('does not take the copies of another machine for those of this one', async () => {
    using sandbox = createSandbox();
    configure(sandbox, 'local', 3);
    const start = Date.UTC(2026, 0, 1);
    const at = (day: number, name: string) => ({
      now: () => new Date(start + day * 86_400_000),
      machineId: () => name,
    });
    for (const day of [0, 1]) {
      await backUpHere(sandbox, 'daily', at(day, 'dead'));
      await backUpHere(sandbox, 'daily', at(day, 'alive'));
    }
    await backUpHere(sandbox, 'daily', at(2, 'alive'));
    const stale = async (name: string) => {
      const { returned } = await runJob(sandbox, at(2.1, name), (context) =>
        checkAges(new Map([['any', 86_400]]), { media: undefined, isAsked: true }, context),
      );
      return returned.map(({ age }) => age);
    };
    expect(await stale('alive')).toEqual([]);
    expect(await stale('dead')).toEqual([95_040]);
  });
});
