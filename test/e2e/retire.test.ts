import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPlaces } from '../../src/jobs/record/open-places.ts';
import { listPlaces } from '../../src/jobs/record/record-copy.ts';
import { SILENT } from '../fixtures/backup-run.ts';
import { type ListedCopy, type Retiring, retireOn } from '../fixtures/retire-run.ts';
import { runJob } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';
import { createSandbox, type Sandbox } from './cli.ts';

const lab = useLab();

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

/** Runs `daily` so many times. */
async function backUp(host: Retiring, times: number): Promise<void> {
  for (let run = 0; run < times; run += 1) await host.backUp('daily');
}

const DAILY = (count: number) => ({
  retention: { daily_copies: count },
  retention_local: { daily_copies: count },
});

/** The names of the copies in a place, the oldest first. */
const namesIn = (copies: readonly ListedCopy[], place: ListedCopy['place'] = 'remote') =>
  copies
    .filter((copy) => copy.place === place)
    .map(({ name }) => name)
    .toSorted();

/** All is in the status that is there, and the other way round. */
async function expectSound(host: Retiring): Promise<void> {
  expect(await host.run('check', '--hostname', host.host)).toEqual(SILENT);
}

describe.each(['local', 'ssh', 's3'] as const)('on %s', { timeout: 180_000 }, (kind) => {
  it('a pinned copy stays besides as many as are kept, here and there, until it is unpinned', async () => {
    const host = retireOn(kind, sandbox, lab, DAILY(2));
    await backUp(host, 1);
    const [first = ''] = namesIn(await host.copies());
    expect(await host.run('pin', first, '--reason', 'before the migration')).toEqual(SILENT);
    await backUp(host, 3);
    const copies = await host.copies();
    expect([namesIn(copies), namesIn(copies, 'local')]).toEqual([
      [first, expect.any(String), expect.any(String)],
      [first, expect.any(String), expect.any(String)],
    ]);
    for (const { name, pinned } of copies)
      expect(pinned).toEqual(
        name === first ? { at: expect.any(Number), reason: 'before the migration' } : null,
      );
    const { stdout } = await host.run('ls', '--long');
    expect(stdout.split('\n').filter((line) => line.endsWith('(pinned: before the migration)'))).toHaveLength(
      2,
    );
    const refused = await host.runLocked('delete', '--yes', first);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`${first} is pinned (before the migration)`);
    await expectSound(host);

    expect(await host.run('unpin', first)).toEqual(SILENT);
    expect(await host.runLocked('prune')).toEqual(SILENT);
    expect(namesIn(await host.copies())).toEqual(namesIn(copies).slice(1));
    await expectSound(host);
  });

  it('prune deletes what the counts of by now do not keep, and says before what that is and why', async () => {
    const host = retireOn(kind, sandbox, lab, DAILY(3));
    await backUp(host, 3);
    const before = await host.copies();
    const [first, second, third] = namesIn(before);
    host.configure(DAILY(1));
    const unchanged = await host.snapshot();
    const rehearsal = await host.runLocked('prune', '--dry-run');
    expect(rehearsal).toMatchObject({ exitCode: 0, stderr: '' });
    const lines = rehearsal.stdout.trim().split('\n');
    expect(
      lines.filter((line) => line.includes(`${second}: delete (number 2 of 3, newest first, 1 to keep)`)),
    ).toHaveLength(2);
    expect(lines.filter((line) => line.includes(`${first}: delete (number 3 of 3`))).toHaveLength(2);
    expect(lines).toHaveLength(4);
    expect(await host.snapshot()).toBe(unchanged);

    const { stdout, stderr, exitCode } = await host.runLocked('prune', '--json');
    expect([exitCode, stderr]).toEqual([0, '']);
    const { copies } = JSON.parse(stdout) as {
      copies: { readonly name: string; readonly decision: string }[];
    };
    expect(copies.map(({ name, decision }) => `${name} ${decision}`).toSorted()).toEqual(
      [first, first, second, second, third, third].map(
        (name) => `${name} ${name === third ? 'keep' : 'delete'}`,
      ),
    );
    const left = await host.copies();
    expect([namesIn(left), namesIn(left, 'local')]).toEqual([[third], [third]]);
    await expectSound(host);
  });

  it('delete removes a copy in both places, and by its path in keep_local_path only that one', async () => {
    const host = retireOn(kind, sandbox, lab, DAILY(5));
    await backUp(host, 3);
    const before = await host.copies();
    const [first = '', second = '', third = ''] = namesIn(before);
    const silentlyRefused = await host.runLocked('delete', first);
    expect(silentlyRefused.exitCode).toBe(2);
    expect(silentlyRefused.stderr).toMatch(/no terminal to ask.*\nGive --yes/);
    const unchanged = await host.snapshot();
    const rehearsal = await host.runLocked('delete', '--dry-run', first);
    expect(rehearsal.stdout.match(/^Would delete .*$/gm)).toHaveLength(2);
    expect(await host.snapshot()).toBe(unchanged);

    expect(await host.runLocked('delete', '--yes', first)).toEqual(SILENT);
    const kept = before.find(({ name, place }) => name === second && place === 'local')?.location ?? '';
    expect(await host.runLocked('delete', '--yes', kept)).toEqual(SILENT);
    const left = await host.copies();
    expect([namesIn(left), namesIn(left, 'local')]).toEqual([[second, third], [third]]);
    // The newest one of all: the next run does not take it for lost.
    const last = await host.runLocked('delete', '--yes', second, third);
    expect(last).toMatchObject({ exitCode: 0, stdout: '' });
    expect(last.stderr).toMatch(/^WARNING: The destination would have no copy of \S+\/folder any more\n$/);
    expect(await host.copies()).toEqual([]);
    await backUp(host, 1);
    await expectSound(host);
  });

  it('delete removes what no status lists by its key, and leaves copies of other hosts alone', async () => {
    const host = retireOn(kind, sandbox, lab, DAILY(5));
    await backUp(host, 2);
    const [first = '', second = ''] = namesIn(await host.copies());
    const key = `${host.host}/daily/files/${first}`;
    // Another status, as where the Python tool made the copy: it stays where it is.
    const foreign = await host.runLocked('delete', '--yes', `other/daily/files/${first}`);
    expect(foreign).toMatchObject({ exitCode: 1, stdout: '' });
    expect(foreign.stderr).toContain('is a copy of the host other');
    await forget(first);
    expect((await host.copies()).find(({ name }) => name === first)?.listed).toBe(false);
    expect((await host.run('pin', first)).stderr).toContain('is in no status');
    expect(await host.runLocked('delete', '--yes', key)).toEqual(SILENT);
    expect(namesIn(await host.copies())).toEqual([second]);
    await expectSound(host);
  });

  // The first thing that both remove is the mark by which they tell that the two places are not one.
  it.each([
    ['delete', 2],
    ['delete', 3],
    ['prune', 2],
  ] as const)(
    'a %s that is killed before its deletion number %i is finished by the next run',
    async (command, nth) => {
      const host = retireOn(kind, sandbox, lab, DAILY(9));
      await backUp(host, 2);
      const [oldest = '', newest = ''] = namesIn(await host.copies());
      if (command === 'prune') host.configure(DAILY(1));
      const args = command === 'delete' ? ['--yes', oldest] : [];
      expect(await host.runKilled(nth, command, ...args)).toBe(true);
      await backUp(host, 1);
      await expectSound(host);
      const left = namesIn(await host.copies());
      expect(left.filter((name) => name !== newest)).toHaveLength(1);
      expect(left).not.toContain(oldest);
    },
  );
});

/** Takes a copy out of the statuses of both places, as if the Python tool had made it. */
async function forget(name: string): Promise<void> {
  await runJob(sandbox, {}, async (context) => {
    const { files } = await openPlaces(context);
    for (const { status, format } of listPlaces(files)) {
      await status.change((stored) => {
        const keys = format.entries(stored.status).map(([key]) => key);
        return {
          ...stored,
          status: format.withoutKeys(
            stored.status,
            keys.filter((key) => key.endsWith(name)),
          ),
        };
      });
    }
  });
}
