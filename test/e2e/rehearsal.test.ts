import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SILENT } from '../fixtures/backup-run.ts';
import { type Retiring, retireOn } from '../fixtures/retire-run.ts';
import { startProxy } from '../integration/s3-proxy.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, type Sandbox } from './cli.ts';

const lab = useLab();

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

interface Rehearsed {
  readonly success: boolean;
  readonly parts: readonly {
    readonly source: string;
    readonly copy_type?: string;
    readonly expected_size?: number | null;
    readonly error?: string;
    readonly copies?: readonly { readonly place: string; readonly key: string }[];
    readonly retention?: readonly {
      readonly name: string;
      readonly decision: string;
      readonly reason: string;
    }[];
  }[];
}

const TWO = { retention: { daily_copies: 2 }, retention_local: { daily_copies: 1 } };

/** The names of the copies that are there. */
async function names(host: Retiring): Promise<string[]> {
  return (await host.copies()).map(({ name, place }) => `${place} ${name}`).toSorted();
}

describe.each(['local', 'ssh', 's3'] as const)('backup --dry-run on %s', { timeout: 120_000 }, (kind) => {
  it('says what the run then does, and writes nothing here or there', async () => {
    const host = retireOn(kind, sandbox, lab, TWO);
    for (let run = 0; run < 2; run += 1) await host.backUp('daily');
    const [before, unchanged] = [await names(host), await host.snapshot()];
    const text = await host.runLocked('backup', 'daily', '--dry-run');
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(
      /folder: complete, about \d+ B by the last copy \(a copy of a directory is a complete archive in every run\)\n( {2}to .*\n){2}( {2}then .*: delete \(number 3 of 3, newest first, 2 to keep\)\n)( {2}then .*: delete \(number 2 of 2, newest first, 1 to keep\)\n)$/,
    );
    const { stdout } = await host.runLocked('backup', 'daily', '--dry-run', '--json');
    expect(await host.snapshot()).toBe(unchanged);

    const { success, parts } = JSON.parse(stdout) as Rehearsed;
    const [part] = parts;
    expect([success, parts.length, part?.copies?.map(({ place }) => place)]).toEqual([
      true,
      1,
      ['remote', 'local'],
    ]);
    const deleted =
      part?.retention?.filter(({ decision }) => decision === 'delete').map(({ name }) => name) ?? [];
    expect(await host.runLocked('backup', 'daily')).toEqual(SILENT);
    const after = await names(host);
    expect(
      before
        .filter((name) => !after.includes(name))
        .map((name) => name.split(' ')[1] ?? '')
        .toSorted(),
    ).toEqual(deleted.toSorted());
  });

  it('reports a part that would fail, and goes on', async () => {
    const host = retireOn(kind, sandbox, lab);
    const there = join(sandbox.file('there/file', 'x'), '..');
    host.configure({ source: { backup_dirs: `${there} ${join(sandbox.dir, 'absent')}` } });
    const unchanged = await host.snapshot();
    const { exitCode, stdout, stderr } = await host.runLocked('backup', 'hourly', '--dry-run');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^\S+\/there: complete \(/);
    expect(stderr).toMatch(/^ERROR: \S+\/absent would fail: /);
    expect(await host.snapshot()).toBe(unchanged);
  });
});

describe('backup --dry-run', () => {
  it('sends no request to S3 that writes', async () => {
    const methods: string[] = [];
    const proxy = await startProxy(lab.s3.endpoint, ({ method = '' }) => {
      methods.push(method);
      return 'pass';
    });
    try {
      const host = retireOn('s3', sandbox, lab, TWO);
      host.configure({ ...TWO, s3: { ...proxied(), endpoint_url: proxy.endpoint } });
      expect(await host.runLocked('backup', 'daily')).toEqual(SILENT);
      expect(methods).toContain('PUT');
      methods.length = 0;
      expect((await host.runLocked('backup', 'daily', '--dry-run')).exitCode).toBe(0);
      expect(new Set(methods)).toEqual(new Set(['GET', 'HEAD'].filter((method) => methods.includes(method))));
      expect(methods.length).toBeGreaterThan(0);
    } finally {
      await proxy.kill();
    }
  });

  it('waits for no lock, makes no ID of the machine and no key, and begins no status', async () => {
    const host = retireOn('local', sandbox, lab);
    host.configure({ integrity: { key_file: join(sandbox.dir, 'key') }, host: {} });
    mkdirSync(join(sandbox.dir, 'lock.lock'));
    const state = join(sandbox.dir, 'state');
    mkdirSync(state);
    const unchanged = await host.snapshot();
    const bind = 'mount --bind "$0" /var/lib/twindb-backup && exec "$@"';
    const args = ['backup', 'daily', '--dry-run', '--lock-file', join(sandbox.dir, 'lock')];
    const { result } = sandbox.startUnder(
      ['unshare', '--mount', 'sh', '-c', `mkdir -p /var/lib/twindb-backup && ${bind}`, state],
      args,
    );
    expect(await result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await host.snapshot()).toBe(unchanged);
  });

  it.each([
    [['backup', 'daily', '--json'], 2, /--json goes with --dry-run/],
    [['pin', 'x', '--reason', 'y'.repeat(501)], 2, /--reason has 501 characters/],
    [['pin', 'x'], 1, /There is no copy x of the host retire-/],
  ] as const)('%j ends with %i', async (args, exitCode, message) => {
    retireOn('local', sandbox, lab);
    const result = await sandbox.run(...args);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(result.stderr).toMatch(message);
  });

  it('of a run type that is off says that', async () => {
    const host = retireOn('local', sandbox, lab, { intervals: { run_weekly: 'no' } });
    const { stdout, exitCode } = await host.run('backup', 'weekly', '--dry-run');
    expect([stdout, exitCode]).toEqual(['[intervals] run_weekly is off: nothing to do\n', 0]);
  });
});

function proxied(): Readonly<Record<string, string>> {
  const { s3 } = lab;
  return {
    BUCKET: s3.bucket,
    AWS_DEFAULT_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKey,
    AWS_SECRET_ACCESS_KEY: s3.secretKey,
    checksums: 'when_required',
  };
}
