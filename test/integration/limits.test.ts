import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listCopies } from '../../src/catalogue/list-copies.ts';
import { runBackup } from '../../src/jobs/backup/run-backup.ts';
import type { JobContext } from '../../src/jobs/job-context.ts';
import { restoreFile } from '../../src/jobs/restore/restore-file.ts';
import { inFront, setPriority } from '../../src/process/priority.ts';
import { createSandbox, type Sandbox } from '../e2e/cli.ts';
import { configureLocal } from '../fixtures/backup-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
  mkdirSync(join(sandbox.dir, 'one'));
  mkdirSync(join(sandbox.dir, 'two'));
  sandbox.file('one/file', randomBytes(1 << 20));
  sandbox.file('two/file', randomBytes(1 << 20));
});
afterEach(() => sandbox[Symbol.dispose]());

const configure = (limits: Readonly<Record<string, string | number>>) =>
  configureLocal(
    sandbox,
    ['one', 'two'].map((name) => join(sandbox.dir, name)),
    { limits },
  );

/** Runs a job whose limit lets everything through and counts it. */
async function countPassed(job: (context: JobContext) => Promise<unknown>): Promise<number> {
  let passed = 0;
  const rateLimit = {
    pieceSize: 1 << 16,
    pass: async (bytes: number) => {
      passed += bytes;
    },
  };
  await runJob(sandbox, {}, (context) => job({ ...context, rateLimit }));
  return passed;
}

describe('[limits] max_rate', () => {
  it('makes one limit for the whole command, and none when it is not set', async () => {
    configure({ max_rate: '20M' });
    const { returned: limit } = await runJob(sandbox, {}, async (context) => context.rateLimit);
    expect(limit?.pieceSize).toBe(1 << 20);
    configure({ max_rate: '1 MiB' });
    const { returned: lower } = await runJob(sandbox, {}, async (context) => context.rateLimit);
    expect(lower?.pieceSize).toBe(Math.ceil((1 << 20) / 20));
    configure({});
    expect((await runJob(sandbox, {}, async (context) => context.rateLimit)).returned).toBeUndefined();
  });

  it('counts each byte of the copies that are written, and of those that are read', async () => {
    configure({});
    const lock = { path: join(sandbox.dir, 'lock') };
    const written = await countPassed((context) => runBackup('daily', { lock }, context));
    const { returned: copies } = await runJob(sandbox, {}, async (context) =>
      (await listCopies(context)).copies.map(({ object }) => object),
    );
    expect(copies).toHaveLength(2);
    expect(written).toBe(copies.reduce((sum, { size }) => sum + size, 0));
    expect(written).toBeGreaterThan(2 << 20);
    const [copy] = copies;
    const read = await countPassed((context) =>
      restoreFile(copy?.key ?? '', { dst: join(sandbox.dir, 'restored') }, context),
    );
    expect(read).toBe(copy?.size);
  });

  it.each(['20', '63K', '5MB', 'fast'])('cannot be %s', async (maxRate) => {
    configure({ max_rate: maxRate });
    await expect(runJob(sandbox, {}, async () => undefined)).rejects.toThrow(
      /\[limits\] max_rate must be a size from 64K to 1024G, such as 20M/,
    );
  });
});

describe('[limits] nice and ionice', () => {
  const path = process.env['PATH'] ?? '';
  afterEach(() => {
    process.env['PATH'] = path;
    setPriority({ nice: undefined, ionice: undefined });
  });

  /** Puts programs in front of the real ones that note what the kernel says of their process, which then becomes the real one. */
  const watch = (...names: string[]): string => {
    for (const name of names) {
      const script = `#!/bin/sh\nread -r stat </proc/$$/stat\necho "${name} $stat $(ionice -p $$)" >>'${sandbox.dir}/said'\nPATH='${path}' exec ${name} "$@"\n`;
      chmodSync(sandbox.file(`bin/${name}`, script), 0o755);
    }
    process.env['PATH'] = `${join(sandbox.dir, 'bin')}:${path}`;
    return join(sandbox.dir, 'said');
  };

  it('are for tar and the compressor, on the way out and back, and not for hooks', async () => {
    const said = watch('tar', 'zstd', 'id');
    configureLocal(sandbox, [join(sandbox.dir, 'one')], {
      compression: { program: 'zstd' },
      hooks: { after: 'id' },
      limits: { nice: 3, ionice: 'best-effort 6' },
    });
    const lock = { path: join(sandbox.dir, 'lock') };
    const { returned, complaints } = await runJob(sandbox, {}, async (context) => {
      await runBackup('daily', { lock }, context);
      const [copy] = (await listCopies(context)).copies;
      await restoreFile(copy?.object.key ?? '', { dst: join(sandbox.dir, 'restored') }, context);
      return true;
    });
    expect([returned, complaints]).toEqual([true, []]);
    const lines = readFileSync(said, 'utf8').trimEnd().split('\n').map(describeLine);
    const niceness = Math.min(19, getPriority() + 3);
    const asSaid = `${niceness} best-effort: prio 6`;
    const heavy = lines.filter((line) => !line.startsWith('id'));
    expect(heavy.toSorted()).toEqual([`tar ${asSaid}`, `tar ${asSaid}`, `zstd ${asSaid}`, `zstd ${asSaid}`]);
    const hooks = lines.filter((line) => line.startsWith('id'));
    expect(hooks).toEqual([expect.stringMatching(`^id ${getPriority()} (?!best-effort: prio 6)`)]);
  });

  it('are a doubt, and no failure, where ionice is missing', async () => {
    configure({ ionice: 'idle' });
    process.env['PATH'] = '/nonexistent';
    const { returned: doubts } = await runJob(sandbox, {}, async (context) => context.doubts);
    expect(doubts.map(({ message }) => message)).toEqual([
      '[limits] ionice has no effect: ionice is not installed. Install it: apt-get install util-linux',
    ]);
    expect(inFront()).toEqual([]);
  });
});

/** `NAME NICENESS IOPRIORITY` of a line of `NAME /proc/PID/stat IOPRIORITY`. Source: proc(5), field 19. */
function describeLine(line: string): string {
  const [name = ''] = line.split(' ');
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return `${name} ${fields[16]} ${fields.slice(50).join(' ')}`;
}
