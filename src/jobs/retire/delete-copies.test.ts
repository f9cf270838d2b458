import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localContext } from '../../../test/fixtures/local-context.ts';
import { simulateCopy } from '../../../test/fixtures/simulated-places.ts';
import type { BinlogCopy } from '../../copies/binlog-copy.ts';
import { keepLocalKey } from '../../copies/keep-local-key.ts';
import { MEDIA } from '../../copies/key.ts';
import type { MysqlCopy } from '../../copies/mysql-copy.ts';
import type { Destination } from '../../destinations/destination.ts';
import { openLocal } from '../../destinations/local/driver.ts';
import { writeSmallObject } from '../../destinations/small-object.ts';
import { BINLOG } from '../../kinds/binlog.ts';
import { MYSQL } from '../../kinds/mysql.ts';
import { openStoredRecord } from '../../lock/stored-record.ts';
import { createLog } from '../../log.ts';
import type { JobContext } from '../job-context.ts';
import { openPlaces } from '../record/open-places.ts';
import { changeStatus, finishAllDeletions } from '../record/record-copy.ts';
import { deleteCopies } from './delete-copies.ts';
import { listHeld } from './held-copies.ts';
import { pinCopies } from './pin-copies.ts';
import { planDeletion, type Selection } from './plan-deletion.ts';

const log = createLog('error', () => undefined);
const { signal } = new AbortController();

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'delete-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (name: string) => openLocal({ kind: 'local', backupDir: join(dir, name) }, log);

function contextOf(change: Partial<JobContext> = {}, more = ''): JobContext {
  const file = join(dir, 'cfg');
  return localContext(file, `[destination]\nbackup_destination=local\nkeep_local_path=${dir}/kept\n${more}`, {
    destination: open('copies'),
    local: open('kept'),
    stored: openStoredRecord('there', [join(dir, 'state')]),
    log,
    signal,
    machineId: () => 'one',
    now: () => new Date(5000),
    ...change,
  });
}

const full = copyOf('daily', 1);
const hourly = copyOf('hourly', 2, full);
const next = copyOf('daily', 3);

function copyOf(runType: MysqlCopy['runType'], time: number, parent?: MysqlCopy): MysqlCopy {
  const name = `mysql-${time}.xbstream.gz.gpg`;
  return {
    ...simulateCopy({
      runType,
      name,
      parent: parent?.key,
      lsn: time,
      backupStarted: time,
      serverIdentity: 'a',
    }),
    host: 'db1',
    key: `db1/${runType}/mysql/${name}`,
    machineId: 'one',
  };
}

const logOf = (number: number): BinlogCopy => ({
  key: `db1/binlog/bin.00000${number}`,
  host: 'db1',
  name: `bin.00000${number}`,
  binlog: `bin.00000${number}`,
  timeCreated: number,
  serverIdentity: 'a',
  gapAfter: undefined,
  size: 1,
  sha256: undefined,
  chain: ['.gz'],
  contents: undefined,
});

/** Stores copies of MySQL, here those that are named, and three binary logs. */
async function fill(
  context: JobContext,
  copies: readonly MysqlCopy[],
  here: readonly MysqlCopy[] = copies,
): Promise<void> {
  const { mysql, binlog } = await openPlaces(context);
  const local = here.map((copy) => ({
    ...copy,
    key: keepLocalKey(copy.key),
    name: keepLocalKey(copy.name),
    parent: copy.parent && keepLocalKey(copy.parent),
  }));
  for (const [place, each] of [
    [mysql.destination, copies],
    [mysql.local, local],
  ] as const) {
    for (const copy of each) {
      await writeSmallObject(place!.destination, copy.key, 'x', signal);
      await changeStatus(place!, { enter: (status) => MYSQL.enter(status, copy) }, log);
    }
  }
  for (const copy of [1, 2, 3].map(logOf)) {
    await writeSmallObject(binlog.destination.destination, `${copy.key}.gz.gpg`, 'x', signal);
    await changeStatus(binlog.destination, { enter: (status) => BINLOG.enter(status, copy) }, log);
  }
}

const select = (wanted: readonly string[], more: Partial<Selection> = {}): Selection => ({
  wanted,
  withIncrementals: false,
  host: 'db1',
  isNamed: false,
  ...more,
});

/** As the command does it, once somebody has agreed. */
async function deleteNow(selection: Selection, context: JobContext) {
  const { copies } = await planDeletion(selection, context);
  return await deleteCopies(selection, copies, context);
}

/** `ROLE NAME` of all copies; those that no status lists, or whose object is missing, are marked. */
async function held(context: JobContext): Promise<string[]> {
  const { copies } = await listHeld('db1', context);
  return copies.map(({ place, key, attributes, objects }) => {
    const mark = attributes === undefined ? ' unlisted' : objects.length === 0 ? ' missing' : '';
    return `${place.role} ${key.split('/').at(-1)?.split('.xb')[0]}${mark}`;
  });
}

const ALL = [
  'local mysql-2',
  'local mysql-1',
  'local mysql-3',
  'destination mysql-2',
  'destination mysql-1',
  'destination mysql-3',
];
const LOGS = ['destination bin.000001', 'destination bin.000002', 'destination bin.000003'];

describe('delete', () => {
  it('takes a chain as a whole, in both places', async () => {
    const context = contextOf();
    await fill(context, [full, hourly, next]);
    expect((await held(context)).toSorted()).toEqual([...ALL, ...LOGS].toSorted());
    await expect(deleteNow(select([full.key]), context)).rejects.toThrow(
      /Nothing was deleted:\n.*mysql-2\S+ continues .*\n.*with-incrementals$/,
    );
    expect((await held(context)).toSorted()).toEqual([...ALL, ...LOGS].toSorted());
    await deleteNow(select([full.key], { withIncrementals: true }), context);
    expect(await held(context)).toEqual(['local mysql-3', 'destination mysql-3', ...LOGS]);
  });

  it('keeps the full copy at the destination that only local copies continue', async () => {
    const context = contextOf();
    await fill(context, [full, next], [hourly]);
    await expect(planDeletion(select([full.key]), context)).rejects.toThrow(/kept\S+mysql-2\S+ continues/);
    const { copies } = await planDeletion(select([full.key], { withIncrementals: true }), context);
    expect(copies.map(({ place, identity }) => [place.role, identity])).toEqual([
      ['destination', keepLocalKey(full.key)],
      ['local', keepLocalKey(hourly.key)],
    ]);
  });

  it('finds a log by the name that its server gave it, and says what is missing then', async () => {
    const context = contextOf();
    await fill(context, [next]);
    const { warnings } = await deleteNow(select(['bin.000002']), context);
    expect(warnings).toEqual([expect.stringMatching(/between bin\.000001 and bin\.000003/)]);
    expect(existsSync(join(dir, 'copies/db1/binlog/bin.000002.gz.gpg'))).toBe(false);
    expect((await held(context)).filter((each) => each.includes('bin'))).toEqual([LOGS[0], LOGS[2]]);
  });

  it('says when the oldest logs are left without a copy that they continue', async () => {
    const context = contextOf();
    const at = (copy: MysqlCopy, binlog: string) => ({ ...copy, binlog, position: 4 });
    await fill(context, [at(full, 'bin.000001'), at(next, 'bin.000003')], []);
    const warningsFor = async (key: string) => (await planDeletion(select([key]), context)).warnings;
    expect(await warningsFor(full.key)).toEqual([
      expect.stringMatching(/mysql-1\S+, the oldest binary logs can be replayed/),
    ]);
    expect(await warningsFor(next.key)).toEqual([]);
  });

  it('says when it takes the last copy at the destination', async () => {
    const context = contextOf();
    await fill(context, [full, next]);
    const warningsFor = async (...wanted: string[]) => (await planDeletion(select(wanted), context)).warnings;
    expect(await warningsFor(full.key)).toEqual([]);
    expect(await warningsFor(...[full, next].map(({ key }) => join(dir, 'kept', keepLocalKey(key))))).toEqual(
      [],
    );
    expect(await warningsFor(full.key, next.key)).toEqual([
      'The destination would have no copy of the server any more',
    ]);
  });

  it('is refused where nothing may be deleted, but not in keep_local_path', async () => {
    const context = contextOf({}, '[retention]\nremote=off\n');
    await fill(context, [next]);
    await expect(deleteNow(select([next.key]), context)).rejects.toThrow(
      /remote=off lets nothing be deleted/,
    );
    await deleteNow(select([join(dir, 'kept', keepLocalKey(next.key))]), context);
    expect(await held(context)).toEqual(['destination mysql-3', ...LOGS]);
  });

  it('takes what another machine of this name has made only when the host is named', async () => {
    const context = contextOf();
    const theirs = { ...copyOf('daily', 4), machineId: 'two' };
    await fill(context, [full, theirs, next], []);
    await expect(deleteNow(select([theirs.key]), context)).rejects.toThrow(
      /is of another machine of this name.*--hostname db1/,
    );
    await deleteNow(select([theirs.key], { isNamed: true }), context);
    expect((await held(context)).filter((each) => each.includes('mysql'))).toEqual([
      'destination mysql-1',
      'destination mysql-3',
    ]);
  });

  it('is refused when a copy was pinned or continued after the question', async () => {
    const context = contextOf();
    await fill(context, [full, next]);
    const { copies } = await planDeletion(select([full.key]), context);
    await fill(context, [hourly], []);
    await expect(deleteCopies(select([full.key]), copies, context)).rejects.toThrow(/mysql-2\S+ continues/);
    await expect(
      deleteCopies(select([full.key], { withIncrementals: true }), copies, context),
    ).rejects.toThrow(/mysql-2\S+ has come meanwhile/);
  });

  it('is refused when another run pins a copy while the status is being written', async () => {
    const context = contextOf();
    await fill(context, [full, next], []);
    const { copies } = await planDeletion(select([full.key]), context);
    let isPinned = false;
    const slow: Destination = {
      ...context.destination,
      write(key, options) {
        const stream = context.destination.write(key, options);
        if (isPinned) return stream;
        isPinned = true;
        const end = stream._final.bind(stream);
        stream._final = (done) =>
          void pinCopies([full.key], { at: 1, reason: undefined }, 'db1', context).then(
            () => end(done),
            done,
          );
        return stream;
      },
    };
    await expect(deleteCopies(select([full.key]), copies, { ...context, destination: slow })).rejects.toThrow(
      'is pinned',
    );
    expect((await held(context)).filter((each) => each.includes('mysql'))).toEqual([
      'destination mysql-1',
      'destination mysql-3',
    ]);
  });

  it('leaves no memory of copies that would be missed', async () => {
    const context = contextOf();
    await fill(context, [full, next], []);
    await context.stored?.write('db1', { newest: { key: next.key, started: 3 } });
    await deleteNow(select([next.key]), context);
    expect(await context.stored?.read('db1')).toEqual({ newest: { key: full.key, started: 1 } });
    await deleteNow(select([full.key]), context);
    expect(await context.stored?.read('db1')).toBeUndefined();
  });

  it('leaves none either when an object cannot be deleted', async () => {
    const context = contextOf();
    await fill(context, [full, next], []);
    await context.stored?.write('db1', { newest: { key: next.key, started: 3 } });
    const selection = select([next.key, 'bin.000001']);
    const { copies } = await planDeletion(selection, context);
    const destination: Destination = {
      ...context.destination,
      async delete(key) {
        if (key.includes('bin.000001')) throw new Error('refused');
        await context.destination.delete(key);
      },
    };
    await expect(deleteCopies(selection, copies, { ...context, destination })).rejects.toThrow();
    expect(await context.stored?.read('db1')).toEqual({ newest: { key: full.key, started: 1 } });
  });

  it('takes only the one of two objects whose key was given, encrypted or not', async () => {
    const context = contextOf();
    await fill(context, [full, next], []);
    await writeSmallObject(context.destination, keepLocalKey(next.key), 'decrypted by hand', signal);
    const wanted = keepLocalKey(next.key);
    for (const each of [wanted, join(dir, 'copies', wanted), 'mysql-3.xbstream.gz']) {
      const { copies } = await planDeletion(select([each]), context);
      expect(copies.map(({ key }) => key)).toEqual([wanted]);
    }
    await deleteNow(select([wanted]), context);
    expect(existsSync(join(dir, 'copies', wanted))).toBe(false);
    expect(existsSync(join(dir, 'copies', next.key))).toBe(true);
    expect((await held(context)).filter((each) => each.includes('mysql'))).toEqual([
      'destination mysql-1',
      'destination mysql-3',
    ]);
  });

  it('deletes what its status lists also from a folder that cannot be listed', async () => {
    const context = contextOf();
    await fill(context, [full, next], []);
    const destination: Destination = {
      ...context.destination,
      async *list(prefix, onDenied) {
        for await (const object of context.destination.list(prefix, onDenied))
          if (!object.key.startsWith('db1/daily/')) yield object;
      },
    };
    await deleteNow(select([next.key]), { ...context, destination });
    expect(existsSync(join(dir, 'copies', next.key))).toBe(false);
  });

  it('is refused where keep_local_path is the destination', async () => {
    const context = contextOf();
    await fill(context, [full, next], []);
    const local = open('copies');
    await expect(deleteNow(select([next.key]), { ...context, local })).rejects.toThrow(
      /Nothing was deleted: .*keep_local_path .* is the destination/,
    );
    expect(existsSync(join(dir, 'copies', next.key))).toBe(true);
  });

  it('that ends before any of its changes leaves each copy complete or to be finished', {
    timeout: 240_000,
  }, async () => {
    const selection = select([full.key, 'bin.000003'], { withIncrementals: true });
    let steps = 0;
    for (let isCut = true; isCut; steps += 1) {
      rmSync(join(dir, 'copies'), { recursive: true, force: true });
      rmSync(join(dir, 'kept'), { recursive: true, force: true });
      const context = contextOf();
      await fill(context, [full, hourly, next]);
      const { copies } = await planDeletion(selection, context);
      let left = steps;
      const change = () => {
        if (left === 0) throw new Error('cut');
        left -= 1;
      };
      const cut = (place: Destination): Destination => ({
        ...place,
        write(key, options) {
          change();
          return place.write(key, options);
        },
        async delete(key) {
          change();
          await place.delete(key);
        },
      });
      const locked = {
        ...context,
        destination: cut(context.destination),
        local: cut(context.local ?? open('kept')),
      };
      isCut = await deleteCopies(selection, copies, locked).then(
        () => false,
        () => true,
      );
      const after = contextOf();
      const places = await openPlaces(after);
      for (const media of MEDIA) await finishAllDeletions(places[media]);
      const found = await held(after);
      // Nothing in between; and no local copy continues what the destination has no more.
      expect(found.filter((each) => / (unlisted|missing)$/.test(each))).toEqual([]);
      if (!found.includes('destination mysql-1')) expect(found).not.toContain('local mysql-2');
      if (!isCut) expect(found).toEqual(['local mysql-3', 'destination mysql-3', LOGS[0], LOGS[1]]);
    }
    expect(steps).toBeGreaterThan(12);
  });
});
