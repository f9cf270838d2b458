import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localContext } from '../../../test/fixtures/local-context.ts';
import { nameOfKey } from '../../copies/key.ts';
import { parseCopyName } from '../../copies/names.ts';
import type { Destination } from '../../destinations/destination.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { FILES } from '../../kinds/files.ts';
import { createLog } from '../../log.ts';
import { openStatusStore } from '../../status/status-store.ts';
import type { JobContext } from '../job-context.ts';
import { runBackup } from './run-backup.ts';

let dir: string;
let messages: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'two-runs-'));
  messages = [];
  mkdirSync(join(dir, 'source'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const log = createLog('info', (level, message) => messages.push(`${level} ${message}`));
const open = (name: string) => openLocal({ kind: 'local', backupDir: join(dir, name) }, log);

/** A run of the one host db1 that begins in the one second there is, and keeps its local copies in `kept`. */
function createContext(
  kept: string,
  change: (destination: Destination) => Destination = (same) => same,
): JobContext {
  const file = join(dir, `cfg-${kept}`);
  return localContext(
    file,
    `[source]\nbackup_dirs=${dir}/source\n[destination]\nbackup_destination=local\nkeep_local_path=${dir}/${kept}\n[measures]\nlog=${dir}/m\n`,
    {
      destination: change(open('copies')),
      local: open(kept),
      log,
      machineId: () => 'machine',
      now: () => new Date(2026, 0, 1, 0, 0, 1),
    },
  );
}

/** The copies that a status lists, with the SHA-256 of what is really under each key. */
async function listed(name: string) {
  const { status } = await openStatusStore(open(name), 'db1', FILES.formats.destination, {
    log,
    signal: new AbortController().signal,
  }).read();
  return FILES.copies(status).map((copy) => ({
    copy,
    name: nameOfKey(copy.key),
    isIntact:
      createHash('sha256')
        .update(readFileSync(join(dir, name, copy.key)))
        .digest('hex') === copy.sha256,
  }));
}

async function objects(name: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of open(name).list('db1/daily/')) names.push(nameOfKey(key));
  return names.toSorted();
}

const run = (lock: string, context: JobContext) =>
  runBackup('daily', { lock: { path: join(dir, lock) } }, context);

describe('runs of one host in one second, without a common lock', () => {
  const nameAt = (second: number) =>
    `_${dir.slice(1).replaceAll('/', '_')}_source-2026-01-01_00_00_0${second}.tar.gz`;

  it.each([
    ['one after the other', false],
    ['at once', true],
  ])('%s, get a name and an entry each, here and in keep_local_path', async (_, atOnce) => {
    writeFileSync(join(dir, 'source/file'), 'x'.repeat(100_000));
    const runs = [1, 2, 3].map((number) => () => run(`lock-${number}`, createContext(`kept-${number}`)));
    const outcomes: boolean[] = [];
    if (atOnce) outcomes.push(...(await Promise.all(runs.map((start) => start()))));
    else for (const start of runs) outcomes.push(await start());
    expect(outcomes).toEqual([true, true, true]);
    expect(messages.filter((message) => !message.startsWith('info'))).toEqual(
      // The first run makes the key of this machine; no other may be warned of anything.
      messages.filter((message) => message.startsWith('warn Made the key')),
    );
    const copies = await listed('copies');
    const names = [1, 2, 3].map(nameAt);
    expect(copies.map(({ name }) => name).toSorted()).toEqual(names);
    expect(await objects('copies')).toEqual(names);
    for (const { copy, name, isIntact } of copies) {
      expect(isIntact).toBe(true);
      expect(copy.backupStarted * 1000).toBe(parseCopyName(name)?.started.getTime());
    }
    const kept = await Promise.all([1, 2, 3].map((number) => listed(`kept-${number}`)));
    expect(
      kept
        .flat()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(names);
    expect(kept.flat().every(({ isIntact }) => isIntact)).toBe(true);
    for (const number of [1, 2, 3]) expect(await objects(`kept-${number}`)).toHaveLength(1);
  });

  it('keep the copy that the other one has stored last, when one of them fails to enter its own', async () => {
    writeFileSync(join(dir, 'source/file'), 'x');
    expect(await run('lock-1', createContext('kept-1'))).toBe(true);
    const before = await objects('copies');
    const refusing = createContext('kept-2', (destination) => ({
      ...destination,
      write: (key, options) => {
        if (key.includes('status')) throw new Error('refused');
        return destination.write(key, options);
      },
    }));
    expect(await run('lock-2', refusing)).toBe(false);
    expect(await objects('copies')).toEqual(before);
    expect((await listed('copies')).map(({ isIntact }) => isIntact)).toEqual([true]);
  });

  it('a local copy whose name another run has there is not kept, which is said; the one at the destination is', async () => {
    writeFileSync(join(dir, 'source/file'), 'x');
    mkdirSync(join(dir, 'kept/db1/daily/files'), { recursive: true });
    writeFileSync(join(dir, 'kept/db1/daily/files', nameAt(1)), 'of another run');
    expect(await run('lock-1', createContext('kept'))).toBe(true);
    expect(await objects('copies')).toEqual([nameAt(1)]);
    expect(await objects('kept')).toEqual([nameAt(1)]);
    expect(readFileSync(join(dir, 'kept/db1/daily/files', nameAt(1)), 'utf8')).toBe('of another run');
    expect(messages.join('\n')).toMatch(
      /is safe, but its copy in keep_local_path could not get the same name/,
    );
  });
});
