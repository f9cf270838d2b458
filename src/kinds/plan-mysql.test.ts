import { describe, expect, it } from 'vitest';
import { simulateCopy, simulatePlace } from '../../test/fixtures/simulated-places.ts';
import type { BinlogCopy } from '../copies/binlog-copy.ts';
import { keepLocalKey } from '../copies/keep-local-key.ts';
import type { MysqlCopy } from '../copies/mysql-copy.ts';
import type { RunType } from '../copies/run-type.ts';
import { recordCopy } from '../jobs/record/record-copy.ts';
import { createLog } from '../log.ts';
import { withEntry } from '../status/layout.ts';
import type { KeepingPlace } from './kind.ts';
import { MYSQL, MYSQL_STATUS } from './mysql.ts';

const ONE = { hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1 };
const log = createLog('error', () => undefined);

const copyOf = (runType: RunType, time: number, parent?: MysqlCopy) =>
  simulateCopy({
    runType,
    name: `mysql-${time}.xbstream.gz.gpg`,
    parent: parent?.key,
    lsn: time,
    backupStarted: time,
    serverIdentity: 'a',
  });

const MIB = 1024 ** 2;

/** The full copies that stay when `made` is recorded beside them, of each run type one. */
async function fullCopiesWith(
  made: MysqlCopy,
  listed: readonly MysqlCopy[],
  place: Pick<KeepingPlace, 'trustsShrinking' | 'binlogs'> = {},
): Promise<string[]> {
  const remote = simulatePlace('remote', { steps: Number.POSITIVE_INFINITY }, 'destination');
  remote.stored = { status: statusOf(listed), deletions: [] };
  await recordCopy({ ...remote, counts: ONE, ...place }, MYSQL, made, { log });
  const kept = MYSQL.copies(remote.stored.status).filter(({ type }) => type === 'full');
  return kept.map(({ key }) => key).toSorted();
}

describe('an incremental copy whose full copy another run has removed meanwhile', () => {
  it('is not recorded, as nothing could restore it', async () => {
    const remote = simulatePlace('remote', { steps: Number.POSITIVE_INFINITY }, 'destination');
    const [full, other] = [copyOf('daily', 1), copyOf('daily', 2)];
    const made = copyOf('hourly', 3, full);
    remote.stored = { status: statusOf([other]), deletions: [full.key] };
    remote.store(made.key);
    await expect(recordCopy({ ...remote, counts: ONE }, MYSQL, made, { log })).rejects.toThrow(
      `${full.key} that it continues has been removed from the status meanwhile`,
    );
    expect(remote.objects).toEqual(new Set());
    expect(MYSQL.copies(remote.stored.status).map(({ key }) => key)).toEqual([other.key]);
  });
});

describe('the retention of a server that has shrunk', () => {
  const sized = (time: number, mib: number) => ({ ...copyOf('daily', time), unpackedSize: mib * MIB });
  const [older, before, small, smaller] = [sized(1, 100), sized(2, 80), sized(3, 7), sized(4, 6)];

  it('keeps the newest full copy from before, until the size is back', async () => {
    expect(await fullCopiesWith(small, [older, before])).toEqual([before.key, small.key]);
    expect(await fullCopiesWith(smaller, [before, small])).toEqual([before.key, smaller.key]);
    const back = sized(5, 8);
    expect(await fullCopiesWith(back, [before, smaller])).toEqual([back.key]);
  });

  it('takes no incremental copy for a small one, nor for one to keep', async () => {
    const hourly = { ...copyOf('hourly', 6, before), unpackedSize: undefined, size: 10 };
    expect(await fullCopiesWith(hourly, [older, before])).toEqual([before.key]);
    const later = { ...copyOf('hourly', 6, smaller), unpackedSize: undefined, size: 500 * MIB };
    expect(await fullCopiesWith(later, [before, smaller])).toEqual([before.key, smaller.key]);
  });

  it('keeps none where the configuration trusts that', async () => {
    expect(await fullCopiesWith(small, [older, before], { trustsShrinking: true })).toEqual([small.key]);
  });
});

describe('the retention of a server whose binary logs are copied', () => {
  const at = (time: number, binlog: string) => ({ ...copyOf('daily', time), binlog, position: 4 });
  const [old, middle, made] = [at(1, 'b.000001'), at(2, 'b.000002'), at(3, 'b.000003')];
  const logs = (...names: readonly string[]) => ({
    binlogs: () =>
      Promise.resolve(
        names.map((binlog, index) => ({ binlog, timeCreated: index, serverIdentity: 'a' }) as BinlogCopy),
      ),
  });

  it('keeps the copy on which the oldest of them can be replayed, beyond its counts', async () => {
    const kept = (...names: readonly string[]) => fullCopiesWith(made, [old, middle], logs(...names));
    expect(await kept('b.000001', 'b.000002')).toEqual([old.key, made.key]);
    expect(await kept('b.000002')).toEqual([middle.key, made.key]);
    expect(await kept()).toEqual([made.key]);
  });

  it('keeps each copy where their status cannot be read', async () => {
    const binlogs = () => Promise.reject(new Error('broken'));
    expect(await fullCopiesWith(made, [old, middle], { binlogs })).toEqual([old.key, middle.key, made.key]);
  });
});

const first = copyOf('daily', 1);
const continuing = copyOf('hourly', 2, first);
const later = [copyOf('daily', 3), copyOf('hourly', 4, copyOf('daily', 3))];

const statusOf = (copies: readonly MysqlCopy[]) =>
  copies.reduce(
    (status, copy) => withEntry(status, copy.runType, copy.key, MYSQL.attributes(copy)),
    MYSQL_STATUS.empty,
  );

const toLocal = (copy: MysqlCopy): MysqlCopy => ({
  ...copy,
  key: keepLocalKey(copy.key),
  name: keepLocalKey(copy.name),
  parent: copy.parent && keepLocalKey(copy.parent),
});

/** Records another copy at the destination; returns whether it kept the first full one. */
async function keepsFirst(here: {
  readonly listed: readonly MysqlCopy[];
  readonly present: readonly MysqlCopy[];
}): Promise<boolean> {
  const lifetime = { steps: Number.POSITIVE_INFINITY };
  const remote = simulatePlace('remote', lifetime, 'destination');
  const local = simulatePlace('local', lifetime, 'local');
  remote.stored = { status: statusOf([first, continuing, ...later]), deletions: [] };
  local.stored = { status: statusOf(here.listed.map(toLocal)), deletions: [] };
  for (const { key } of here.present) local.store(keepLocalKey(key));
  const place = { ...remote, counts: ONE, other: local };
  await recordCopy(place, MYSQL, copyOf('daily', 5), { log });
  return MYSQL.copies(remote.stored.status).some(({ key }) => key === first.key);
}

describe('the retention of the destination', () => {
  it.each([
    ['keeps a full copy that only a local copy continues', [continuing], [continuing], true],
    ['does not, when the full copy lies there as well', [first, continuing], [first, continuing], false],
    [
      'does, when it is listed there and gone, as with the Python tool',
      [first, continuing],
      [continuing],
      true,
    ],
    ['does not, when the local copy itself is gone', [continuing], [], false],
  ])('%s', async (_, listed, present, kept) => {
    expect(await keepsFirst({ listed, present })).toBe(kept);
  });
});

describe('the retention of one of several machines', () => {
  const by = (machineId: string, serial: number, copy: MysqlCopy): MysqlCopy => ({
    ...copy,
    machineId,
    serial,
  });

  /** The times of the copies that are left after `made` was recorded in a status with the others, with one to keep of each run type. */
  async function left(others: readonly MysqlCopy[], made: MysqlCopy): Promise<number[]> {
    const place = simulatePlace('remote', { steps: Number.POSITIVE_INFINITY }, 'destination');
    place.stored = { status: statusOf(others), deletions: [] };
    await recordCopy({ ...place, counts: ONE }, MYSQL, made, { log });
    return MYSQL.copies(place.stored.status)
      .map(({ lsn }) => lsn)
      .toSorted((a, b) => a - b);
  }

  it('neither counts nor removes the copies of another one', async () => {
    const others = [
      by('b', 1, copyOf('daily', 1)),
      by('a', 2, copyOf('daily', 2)),
      by('b', 3, copyOf('daily', 3)),
    ];
    expect(await left(others, by('a', 4, copyOf('daily', 4)))).toEqual([1, 3, 4]);
  });

  it('removes the copies of its past from its second run on, of the run types that it has made', async () => {
    const full = copyOf('daily', 2);
    const past = [
      by('b', 1, copyOf('daily', 1)),
      by('b', 2, full),
      by('b', 3, copyOf('hourly', 3, full)),
      by('b', 4, copyOf('weekly', 4)),
      by('b', 5, copyOf('weekly', 5)),
    ];
    expect(await left(past, by('a', 6, copyOf('daily', 6)))).toEqual([1, 2, 3, 4, 5, 6]);
    // The hourly copy of the past is left alone, and what it continues with it.
    expect(await left([...past, by('a', 6, copyOf('daily', 6))], by('a', 7, copyOf('daily', 7)))).toEqual([
      2, 3, 4, 5, 7,
    ]);
  });

  it('takes copies that continue one which is left alone for restorable, so that they count', async () => {
    const full = copyOf('daily', 1);
    const others = [
      full,
      by('b', 2, copyOf('weekly', 2)),
      by('a', 3, copyOf('hourly', 3)),
      by('a', 4, copyOf('hourly', 4, full)),
    ];
    expect(await left(others, by('a', 5, copyOf('hourly', 5, full)))).toEqual([1, 2, 5]);
  });
});
