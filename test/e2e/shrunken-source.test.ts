import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useLab } from '../lab/lab.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from './cli.ts';
import { expectReadable } from './messages.ts';

const lab = useLab();
const SILENT = { exitCode: 0, signal: null, stdout: '', stderr: '' };
const DATA = randomBytes(1_500_000);

interface Listed {
  readonly location: string;
  readonly size: number;
  readonly status: { readonly source_path: string; readonly members: number | null } | null;
}

let sandbox: Sandbox;
let source: string;
beforeEach(() => {
  sandbox = createSandbox();
  source = join(sandbox.file('src/data', DATA), '..');
});
afterEach(() => sandbox[Symbol.dispose]());

function configure(kind: LabKind, retention: Readonly<Record<string, string | number>> = {}): void {
  const sections = destinationSections(kind, sandbox, lab);
  sandbox.configure({
    source: { backup_dirs: source },
    ...sections,
    retention: { daily_copies: 2, hourly_copies: 1, ...retention },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
}

/** The copies of the source there are, oldest first. */
async function list(): Promise<Listed[]> {
  const { stdout } = await sandbox.run('ls', '--json');
  return (JSON.parse(stdout) as { copies: Listed[] }).copies.filter(
    ({ status }) => status?.source_path === source,
  );
}

describe.each(['local', 'ssh', 's3'] as const)('a source that became empty, on %s', (kind) => {
  it('is reported once, and the newest copy from before stays until the size is back', async () => {
    configure(kind);
    for (let run = 0; run < 2; run += 1) expect(await sandbox.backup()).toEqual(SILENT);
    const good = (await list()).at(-1)?.location ?? '';
    rmSync(join(source, 'data'));
    const first = await sandbox.backup();
    expect(first).toMatchObject({ exitCode: 0, stdout: '' });
    expectReadable(first);
    expect(first.stderr).toBe(
      `WARNING: ${source} is empty now, and was not before. Retention keeps ${good} until the size is back\n` +
        'See whether data or a file system are missing there. If it is meant to be that small, set [retention] trust_shrinking=yes: then that copy expires as others do.\n',
    );
    for (const runType of ['daily', 'daily', 'hourly', 'daily'])
      expect(await sandbox.backup(runType)).toEqual(SILENT);
    const copies = await list();
    expect(copies.filter(({ status }) => status?.members !== 1).map(({ location }) => location)).toEqual([
      good,
    ]);
    // Retention goes on otherwise.
    expect(copies).toHaveLength(4);
    const check = await sandbox.run(
      'check',
      '--hostname',
      (good.split('/daily/')[0] ?? '').split('/').at(-1) ?? '',
    );
    expect(check).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(`Retention keeps ${good}`) as unknown,
    });
    sandbox.file('src/data', DATA);
    expect(await sandbox.backup()).toEqual(SILENT);
    expect((await list()).map(({ location }) => location)).not.toContain(good);
  });
});

describe('a source that became far smaller', () => {
  it('is reported with both sizes', async () => {
    configure('local');
    await sandbox.backup();
    sandbox.file('src/data', DATA.subarray(0, 10_000));
    const { exitCode, stderr } = await sandbox.backup();
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining(`${source} has shrunk from 1.4 MiB to 20.0 KiB. `),
    ]);
  });

  it('is like any other with [retention] trust_shrinking=yes', async () => {
    configure('local', { trust_shrinking: 'yes' });
    await sandbox.backup();
    rmSync(join(source, 'data'));
    for (let run = 0; run < 2; run += 1) expect(await sandbox.backup()).toEqual(SILENT);
    expect((await list()).map(({ status }) => status?.members)).toEqual([1, 1]);
  });
});
