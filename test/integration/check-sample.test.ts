import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { createSandbox, destinationSections, type LabKind, type Sandbox } from '../e2e/cli.ts';
import { configureLocal, listCopies, SILENT } from '../fixtures/backup-run.ts';
import { damage } from '../fixtures/mysql-copies.ts';
import { backUpHere, runJob } from '../fixtures/run-in-process.ts';
import { useLab } from '../lab/lab.ts';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = createSandbox();
});
afterEach(() => sandbox[Symbol.dispose]());

const DAY_MS = 86_400_000;

interface Document {
  readonly success: boolean;
  readonly read: { readonly copies: number; readonly of: number };
  readonly copies: readonly { readonly location: string; readonly read: boolean; readonly state: string }[];
}

/** `check --json --sample 1/4` so many days from now. */
async function checkOn(day: number, wanted: readonly string[] = []): Promise<Document> {
  let printed = '';
  const now = () => new Date(Date.now() + day * DAY_MS);
  await runJob(sandbox, { now }, (context) =>
    check(
      wanted,
      { sample: { parts: 4 }, read: true, json: true, lockFile: join(sandbox.dir, 'lock') },
      { ...context, interactive: false, print: (line) => (printed = line) },
    ),
  );
  return JSON.parse(printed) as Document;
}

/** Eight copies of one directory. */
async function backUpEightTimes(): Promise<string[]> {
  for (let copy = 0; copy < 8; copy += 1)
    expect(await backUpHere(sandbox, 'hourly', {})).toMatchObject({ returned: true });
  return (await listCopies(sandbox)).filter((each) => each.includes(sandbox.dir.replaceAll('/', '_')));
}

describe('check --sample', () => {
  beforeEach(() => configureLocal(sandbox, [join(sandbox.file('source/file', 'content'), '..')]));

  it('reads other copies each day, until all are read, and says how many', async () => {
    const copies = await backUpEightTimes();
    const read: string[] = [];
    for (let day = 0; day < 4; day += 1) {
      const document = await checkOn(day);
      expect(document).toMatchObject({ success: true, read: { copies: 2, of: 8 } });
      read.push(...document.copies.filter((copy) => copy.read).map(({ location }) => location));
    }
    expect(read.toSorted()).toEqual(copies.toSorted());
  });

  it('finds a damaged copy on the day when it is read', async () => {
    const [first = ''] = await backUpEightTimes();
    damage(first);
    const results: string[] = [];
    for (let day = 0; day < 4; day += 1) {
      const { copies, success } = await checkOn(day);
      const { read, state } = copies.find(({ location }) => location === first) ?? {};
      results.push(`${read} ${state} ${success}`);
    }
    expect(results.toSorted()).toEqual([
      'false listed true',
      'false listed true',
      'false listed true',
      'true unreadable false',
    ]);
  });

  it('takes its part of those that are named only, and one of few', async () => {
    const copies = await backUpEightTimes();
    expect((await checkOn(0, copies.slice(0, 2))).read).toEqual({ copies: 1, of: 2 });
    expect(await sandbox.run('check', '--sample', '5%')).toEqual(SILENT);
    const refused = await sandbox.run('check', '--sample', 'all');
    expect([refused.exitCode, refused.stderr]).toEqual([2, expect.stringContaining('such as 5% or 1/20')]);
  });
});

it.each(['ssh', 's3'] as const satisfies LabKind[])('check --sample reads its part on %s', async (kind) => {
  const sections = destinationSections(kind, sandbox, useLab());
  sandbox.configure({
    ...sections,
    // Other tests back this host up to the same bucket meanwhile.
    ...(sections['s3'] && { s3: { ...sections['s3'], prefix: `sample-${process.pid}` } }),
    source: { backup_dirs: join(sandbox.file('source/file', 'content'), '..') },
    measures: { log: join(sandbox.dir, 'measures.log') },
  });
  const copies = await backUpEightTimes();
  expect(copies).toHaveLength(8);
  const { stdout } = await sandbox.run('check', '--sample', '1/4', '--json', ...copies);
  expect(JSON.parse(stdout)).toMatchObject({ success: true, read: { copies: 2, of: 8 } });
});
