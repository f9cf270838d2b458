import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localContext } from '../../../test/fixtures/local-context.ts';
import type { FileCopy } from '../../copies/file-copy.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { writeSmallObject } from '../../destinations/small-object.ts';
import { FILES } from '../../kinds/files.ts';
import { openStoredRecord } from '../../lock/stored-record.ts';
import { createLog } from '../../log.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { changeStatus } from '../record/record-copy.ts';
import { prune } from './prune.ts';

const { signal } = new AbortController();
let messages: string[];
const log = createLog('info', (_level, message) => messages.push(message));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'prune-'));
  messages = [];
  mkdirSync(join(dir, 'one'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Backs `one` up, and keeps one copy of a run type. */
function contextOf(more = ''): JobContext {
  const file = join(dir, 'cfg');
  return localContext(
    file,
    `[source]\nbackup_dirs=${dir}/one\n[destination]\nbackup_destination=local\n[retention]\nhourly_copies=1\ndaily_copies=1\n${more}`,
    {
      destination: openLocal({ kind: 'local', backupDir: join(dir, 'copies') }, log),
      local: undefined,
      stored: openStoredRecord('there', [join(dir, 'state')]),
      log,
      warnLasting: () => undefined,
      signal,
      machineId: () => 'one',
      now: () => new Date(5_000_000),
    },
  );
}

const copyOf = (time: number, more: Partial<FileCopy> = {}): FileCopy => {
  const { runType = 'daily', sourcePath = `${dir}/one` } = more;
  const name = `_x_${sourcePath.split('/').at(-1)}-${time}.tar.gz`;
  return {
    key: `db1/${runType}/files/${name}`,
    host: 'db1',
    runType,
    name,
    sourcePath,
    backupStarted: time,
    backupFinished: time,
    size: 1,
    sha256: '00',
    unpackedSize: 10,
    chain: ['.gz'],
    members: 5,
    machineId: 'one',
    ...more,
  };
};

async function fill(context: JobContext, copies: readonly FileCopy[]): Promise<void> {
  const { files } = await openPlaces(context);
  for (const copy of copies) {
    await writeSmallObject(context.destination, copy.key, 'x', signal);
    await changeStatus(files.destination, { enter: (status) => FILES.enter(status, copy) }, log);
  }
}

/** The objects that are there, by their names. */
async function objects({ destination }: JobContext): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of destination.list('db1/')) {
    if (key.includes('/files/')) names.push(key.replace(/^.*_x_/, '').replace('.tar.gz', ''));
  }
  return names.toSorted();
}

/** What is deleted of these copies, in a dry run and then. */
async function pruned(context: JobContext, copies: readonly FileCopy[]) {
  await fill(context, copies);
  const before = await objects(context);
  const rehearsed = await prune({ dryRun: true }, context);
  expect(await objects(context)).toEqual(before);
  const { decisions, complete } = await prune({ dryRun: false }, context);
  expect(decisions).toEqual(rehearsed.decisions);
  const left = await objects(context);
  return { decisions, complete, deleted: before.filter((name) => !left.includes(name)) };
}

describe('prune', () => {
  it('decides about each run type of the directories that are configured, and names the others', async () => {
    const former = { sourcePath: `${dir}/former` };
    const hourly = [1, 2].map((time) => copyOf(time, { runType: 'hourly' }));
    const { deleted } = await pruned(contextOf(), [
      ...hourly,
      copyOf(3),
      copyOf(4),
      copyOf(5, former),
      copyOf(6, former),
    ]);
    expect(deleted).toEqual(['one-1', 'one-3']);
    expect(messages).toContainEqual(expect.stringMatching(/no longer backed up: \S+\/former\n/));
  });

  it('leaves what another machine of this name has made, and all in the first run of a machine', async () => {
    const theirs = { machineId: 'two' };
    const { deleted } = await pruned(contextOf(), [
      copyOf(1),
      copyOf(2, theirs),
      copyOf(3),
      copyOf(4, theirs),
    ]);
    expect(deleted).toEqual(['one-1']);
  });

  it('leaves all that was there before where this machine has made its first copy only', async () => {
    const past = { machineId: 'two' };
    expect((await pruned(contextOf(), [copyOf(1, past), copyOf(2, past), copyOf(3)])).deleted).toEqual([]);
  });

  it('keeps the copy from before a directory shrank', async () => {
    const large = { unpackedSize: 1 << 30 };
    const copies = [copyOf(1, large), copyOf(2, large), copyOf(3), copyOf(4)];
    expect((await pruned(contextOf(), copies)).deleted).toEqual(['one-1', 'one-3']);
    expect((await pruned(contextOf('trust_shrinking=yes\n'), [])).deleted).toEqual(['one-2']);
  });

  it('deletes nothing where nothing may be deleted, and says what has expired', async () => {
    const { deleted, decisions, complete } = await pruned(contextOf('remote=off\n'), [copyOf(1), copyOf(2)]);
    expect([deleted, complete]).toEqual([[], true]);
    expect(decisions.map(({ key, verdict }) => [key.split('-').at(-1), verdict])).toEqual([
      ['2.tar.gz', 'keep'],
      ['1.tar.gz', 'leave'],
    ]);
  });

  it('carries out what an interrupted run has ordered, which a dry run names', async () => {
    const context = contextOf();
    await fill(context, [copyOf(1), copyOf(2)]);
    const { files } = await openPlaces(context);
    const plan = () => [{ copy: copyOf(1), keep: false, reason: 'r' }];
    await changeStatus(files.destination, { plan }, log);
    const { pending } = await prune({ dryRun: true }, context);
    expect(pending).toEqual([join(dir, 'copies', copyOf(1).key)]);
    expect(await objects(context)).toEqual(['one-1', 'one-2']);
    await prune({ dryRun: false }, context);
    expect(await objects(context)).toEqual(['one-2']);
  });

  it('deletes nothing where copies of this host are missing: it may be another destination', async () => {
    const context = contextOf();
    await fill(context, [copyOf(1), copyOf(2)]);
    await context.stored?.write('db1', { newest: { key: 'db1/daily/files/_x_one-9.tar.gz', started: 9 } });
    await expect(prune({ dryRun: false }, context)).rejects.toThrow(
      /^Nothing was deleted: .* has lost copies of this host/,
    );
    expect(await objects(context)).toEqual(['one-1', 'one-2']);
  });

  it('deletes nothing by a clock that is behind: the newest copies would count as the oldest', async () => {
    const context = contextOf();
    const later = copyOf(context.now().getTime() / 1000 + 7200);
    await fill(context, [copyOf(1), copyOf(2), later]);
    for (const dryRun of [true, false])
      await expect(prune({ dryRun }, context)).rejects.toThrow(
        /^Nothing was deleted: \S+ is dated after the clock of this machine/,
      );
    expect(await objects(context)).toHaveLength(3);
  });
});
