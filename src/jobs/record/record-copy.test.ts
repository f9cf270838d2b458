import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileCopy } from '../../copies/file-copy.ts';
import type { Destination } from '../../destinations/destination.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { writeSmallObject } from '../../destinations/small-object.ts';
import { FILES, FILES_STATUS } from '../../kinds/files.ts';
import { createLog } from '../../log.ts';
import { entriesOf } from '../../status/layout.ts';
import { openStatusStore } from '../../status/status-store.ts';
import { type CopyPlace, finishAllDeletions, finishDeletions, recordCopy } from './record-copy.ts';

const { signal } = new AbortController();
const messages: string[] = [];
const log = createLog('debug', (level, message) => messages.push(`${level} ${message}`));

let folder: string;
let real: Destination;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-'));
  real = openLocal({ kind: 'local', backupDir: folder }, log);
  messages.length = 0;
});
afterEach(() => rm(folder, { recursive: true }));

class Crash extends Error {}

/** The real destination, which "crashes" at its `step`-th change and takes no further one. */
function crashingAt(step: number): { destination: Destination; steps: () => number } {
  let steps = 0;
  const change = () => {
    steps += 1;
    if (steps >= step) throw new Crash();
  };
  const destination: Destination = {
    ...real,
    write: (key, options) => {
      change();
      return real.write(key, options);
    },
    delete: async (key) => {
      change();
      await real.delete(key);
    },
  };
  return { destination, steps: () => steps };
}

function placeOf(destination: Destination, role: CopyPlace['role'] = 'destination'): CopyPlace {
  const status = openStatusStore(destination, 'db1', FILES_STATUS, { log, signal });
  const sign: CopyPlace['sign'] = (_key, attributes) => attributes;
  return { destination, status, format: FILES_STATUS, sign, role, counts: KEEP_NONE, other: undefined };
}

const KEEP_NONE = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

/** Records a copy in a place that keeps `count` of its run type. */
async function recordFileCopy(place: CopyPlace, copy: FileCopy, count: number): Promise<void> {
  const counts = { ...KEEP_NONE, [copy.runType]: count };
  await recordCopy({ ...place, counts }, FILES, copy, { log });
}

/** As a run does it. */
async function record(place: CopyPlace, copy: FileCopy, count: number): Promise<void> {
  await recordFileCopy(place, copy, count);
  await finishDeletions(place);
}

function copyOf(sourcePath: string, backupStarted: number, runType: FileCopy['runType'] = 'daily'): FileCopy {
  const name = `${sourcePath.replaceAll('/', '_')}-${backupStarted}.tar.gz`;
  return {
    key: `db1/${runType}/files/${name}`,
    host: 'db1',
    runType,
    name,
    sourcePath,
    backupStarted,
    backupFinished: backupStarted + 1,
    size: 1,
    sha256: '00',
    unpackedSize: undefined,
    chain: ['.gz'],
    members: undefined,
  };
}

async function store(copy: FileCopy): Promise<FileCopy> {
  await writeSmallObject(real, copy.key, 'x', signal);
  return copy;
}

async function objects(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of real.list('db1/')) if (key.includes('/files/')) keys.push(key);
  return keys.toSorted();
}

async function listed(): Promise<string[]> {
  const { status } = await placeOf(real).status.read();
  return entriesOf(status)
    .map(([key]) => key)
    .toSorted();
}

describe('recording a copy', () => {
  it('keeps as many copies of the same directory and run type as configured, and no fewer of others', async () => {
    const all = [
      copyOf('/home', 1),
      copyOf('/home', 2),
      copyOf('/home2', 1),
      copyOf('/home_x', 1),
      copyOf('/home', 1, 'hourly'),
    ];
    for (const copy of all) await record(placeOf(real), await store(copy), 9);
    await record(placeOf(real), await store(copyOf('/home', 3)), 1);
    const kept = [
      'daily/files/_home-3',
      'daily/files/_home2-1',
      'daily/files/_home_x-1',
      'hourly/files/_home-1',
    ];
    const keys = kept.map((name) => `db1/${name}.tar.gz`);
    expect(await objects()).toEqual(keys);
    expect(await listed()).toEqual(keys);
  });

  it('never deletes what no status lists', async () => {
    const foreign = await store(copyOf('/home', 0));
    for (const started of [1, 2, 3]) {
      await record(placeOf(real), await store(copyOf('/home', started)), 1);
    }
    expect(await objects()).toEqual([foreign.key, copyOf('/home', 3).key]);
  });

  it('keeps the newest copy on the destination when none is to be kept, and none of the local ones', async () => {
    const copy = await store(copyOf('/home', 1));
    await record(placeOf(real), copy, 0);
    expect(await objects()).toEqual([copy.key]);
    await record(placeOf(real, 'local'), copy, 0);
    expect(await objects()).toEqual([]);
  });

  it('deletes nothing where that is off: expired copies stay listed until somebody else has removed them', async () => {
    const place = { ...placeOf(real), appendOnly: true };
    const copies = [1, 2, 3].map((started) => copyOf('/home', started));
    for (const copy of copies) await record(place, await store(copy), 1);
    expect(await objects()).toEqual(copies.map(({ key }) => key));
    expect(await listed()).toEqual(copies.map(({ key }) => key));
    expect((await placeOf(real).status.read()).deletions).toEqual([]);
    await real.delete(copies[0]?.key ?? '');
    // It still counts, so its loss is not hidden.
    await real.delete(copies[2]?.key ?? '');
    const last = await store(copyOf('/home', 4));
    await record(place, last, 2);
    expect(await listed()).toEqual([copies[1]?.key, copies[2]?.key, last.key]);
  });

  it('takes nothing from the status where nothing is deleted and it cannot be seen what is there', async () => {
    const blind = { ...real, list: () => real.list('db1\0/') };
    const refusing: Destination = {
      ...real,
      async *list() {
        yield* [];
        throw new Crash('no permission');
      },
    };
    const copies = [1, 2].map((started) => copyOf('/home', started));
    for (const copy of copies) await record({ ...placeOf(refusing), appendOnly: true }, await store(copy), 1);
    expect(await listed()).toEqual(copies.map(({ key }) => key));
    // That the test looks at something: a listing without them does take the expired one.
    await record({ ...placeOf(blind), appendOnly: true }, await store(copyOf('/home', 3)), 1);
    expect(await listed()).toEqual([copyOf('/home', 3).key]);
  });

  it('keeps what was to be deleted before that was off, and deletes it when it is on again', async () => {
    const stuck: Destination = { ...real, delete: () => Promise.reject(new Crash('no permission')) };
    const [first, second] = [await store(copyOf('/home', 1)), await store(copyOf('/home', 2))];
    await record(placeOf(stuck), first, 1);
    await expect(record(placeOf(stuck), second, 1)).rejects.toThrow('Cannot remove 1 expired copies');
    await expect(finishDeletions(placeOf(stuck))).rejects.toMatchObject({
      remedy: expect.stringContaining('or set [retention] remote=off') as unknown,
    });
    await expect(finishDeletions(placeOf(stuck, 'local'))).rejects.not.toMatchObject({
      remedy: expect.stringContaining('[retention] remote') as unknown,
    });
    await finishDeletions({ ...placeOf(stuck), appendOnly: true });
    expect(await objects()).toEqual([first.key, second.key]);
    await finishDeletions(placeOf(real));
    expect(await objects()).toEqual([second.key]);
  });

  it('writes no status again while nothing can be deleted', async () => {
    let writes = 0;
    const stuck: Destination = {
      ...real,
      delete: () => Promise.reject(new Crash('no permission')),
      write(key, options) {
        writes += 1;
        return real.write(key, options);
      },
    };
    for (const started of [1, 2])
      await recordFileCopy(placeOf(stuck), await store(copyOf('/home', started)), 1);
    writes = 0;
    await expect(finishDeletions(placeOf(stuck))).rejects.toThrow('Cannot remove 1 expired copies');
    expect(writes).toBe(0);
  });

  it('gives the reason for each decision at debug level', async () => {
    for (const started of [1, 2]) {
      await record(placeOf(real), await store(copyOf('/home', started)), 1);
    }
    expect(messages).toContain(
      `debug retention: remove ${folder}/db1/daily/files/_home-1.tar.gz (number 2 of 2, newest first, 1 to keep)`,
    );
  });

  it('reports that the copies are safe when an expired one cannot be removed, and the next run removes it', async () => {
    await record(placeOf(real), await store(copyOf('/home', 1)), 1);
    const stuck: Destination = { ...real, delete: () => Promise.reject(new Crash('no permission')) };
    const second = await store(copyOf('/home', 2));
    await expect(record(placeOf(stuck), second, 1)).rejects.toMatchObject({
      message: `Cannot remove 1 expired copies from ${folder}`,
      remedy: expect.stringContaining('safe') as string,
    });
    expect(await listed()).toEqual([second.key]);
    await finishDeletions(placeOf(real));
    expect(await objects()).toEqual([second.key]);
  });
});

describe('two places', () => {
  it.each(['destination', 'local'] as const)(
    'both get rid of expired copies but for what cannot be removed, which is one error (%s)',
    async (stuck) => {
      const other = openLocal({ kind: 'local', backupDir: join(folder, 'stuck') }, log);
      for (const destination of [real, other]) {
        for (const started of [1, 2]) {
          const copy = copyOf('/home', started);
          await writeSmallObject(destination, copy.key, 'x', signal);
          await recordFileCopy(placeOf(destination), copy, 1);
        }
      }
      const refusing = placeOf({ ...other, delete: () => Promise.reject(new Crash()) });
      const places = { destination: placeOf(real), local: placeOf(real), [stuck]: refusing };
      await expect(finishAllDeletions(places)).rejects.toThrow(
        `Cannot remove 1 expired copies from ${folder}/stuck`,
      );
      expect(await objects()).toEqual([copyOf('/home', 2).key]);
    },
  );
});

describe('a copy that cannot be entered', () => {
  it('is removed again, and its status is not asked, where that could not be read', async () => {
    const copy = await store(copyOf('/home', 1));
    for (const name of ['files-status', 'files-status.copy'])
      await writeSmallObject(real, `db1/${name}`, 'junk', signal);
    await expect(recordFileCopy(placeOf(real), copy, 1)).rejects.toThrow('Neither the status');
    expect(await objects()).toEqual([]);
    expect(messages).toEqual([]);
  });

  it('is removed again, since nothing would ever expire it', async () => {
    const copy = await store(copyOf('/home', 1));
    const { destination } = crashingAt(1);
    const readOnly = { ...destination, delete: (key: string) => real.delete(key) };
    await expect(recordFileCopy(placeOf(readOnly), copy, 1)).rejects.toThrow();
    expect(await objects()).toEqual([]);
  });

  it('stays when the status lists it after all: only the answer was lost', async () => {
    const copy = await store(copyOf('/home', 1));
    const place = placeOf(real);
    const status = {
      ...place.status,
      change: async (apply: Parameters<typeof place.status.change>[0]) => {
        await place.status.change(apply);
        throw new Crash('no answer');
      },
    };
    await expect(recordFileCopy({ ...place, status }, copy, 1)).rejects.toThrow('no answer');
    expect(await objects()).toEqual([copy.key]);
    expect(await listed()).toEqual([copy.key]);
  });
});

describe('a status that can be written only half', () => {
  /** The real destination, on which the first copy of the status cannot be written, nor anything after it if it is `gone`. */
  function refusingFirst({ gone }: { gone: boolean }): Destination {
    let isGone = false;
    return {
      ...real,
      write: (key, options) => {
        if (key.endsWith('status')) isGone = gone;
        if (isGone || key.endsWith('status')) throw new Crash('refused');
        return real.write(key, options);
      },
    };
  }
  const loseFirst = () => rm(join(folder, 'db1/files-status'));

  it.each([true, false])(
    'orders no deletion that is carried out when it is lost later (destination gone: %s)',
    async (gone) => {
      const good = await store(copyOf('/home', 1));
      await record(placeOf(real), good, 1);
      const copy = await store(copyOf('/home', 2));
      await expect(recordFileCopy(placeOf(refusingFirst({ gone })), copy, 1)).rejects.toThrow('refused');
      await loseFirst();
      await finishDeletions(placeOf(real));
      const kept = await listed();
      expect(kept).toHaveLength(1);
      for (const key of kept) expect(await objects()).toContain(key);
      // Where nothing could be put back, the second copy lists the new one: then it must be there.
      expect(kept).toEqual([gone ? copy.key : good.key]);
      if (gone)
        expect(messages.join()).toContain(
          'may remain without an entry: the second copy of the status lists it',
        );
    },
  );

  it('deletes nothing on the word of a second copy that lists what is not there', async () => {
    const good = await store(copyOf('/home', 1));
    await record(placeOf(real), good, 1);
    const copy = await store(copyOf('/home', 2));
    await recordFileCopy(placeOf(real), copy, 1);
    await real.delete(copy.key);
    await loseFirst();
    await finishDeletions(placeOf(real));
    expect(await objects()).toEqual([good.key]);
    expect(messages.join()).toContain(
      `lists ${copy.key}, which is not there or cannot be seen, so nothing is deleted on its word`,
    );
  });
});

describe('a crash while a copy is recorded', () => {
  it('at any step loses no copy that a status lists, and the next run leaves nothing behind', async () => {
    let step = 1;
    for (let crashed = true; crashed; step += 1) {
      await rm(join(folder, 'db1'), { recursive: true, force: true });
      for (const started of [1, 2, 3]) {
        await record(placeOf(real), await store(copyOf('/home', started)), 3);
      }
      const fourth = await store(copyOf('/home', 4));
      const { destination } = crashingAt(step);
      const outcome = await record(placeOf(destination), fourth, 2).catch((error: unknown) => error);
      crashed = outcome !== undefined;

      const present = await objects();
      for (const key of await listed()) expect(present).toContain(key);
      expect(present).toContain(fourth.key);

      await finishDeletions(placeOf(real));
      const fifth = await store(copyOf('/home', 5));
      await record(placeOf(real), fifth, 2);
      const left = await objects();
      const kept = await listed();
      expect(kept).toContain(fifth.key);
      expect(kept).toHaveLength(2);
      for (const key of kept) expect(left).toContain(key);
      // At most the copy of the crashed run is left without an entry.
      expect(left.filter((key) => !kept.includes(key) && key !== fourth.key)).toEqual([]);
    }
    // Second status, status, deletions, and the second again without them; the status is the same then.
    expect(step).toBeGreaterThan(5);
  });
});
