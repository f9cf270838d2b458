import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { simulateCopy } from '../../test/fixtures/simulated-places.ts';
import type { BinlogCopy } from '../copies/binlog-copy.ts';
import { nameOfKey } from '../copies/key.ts';
import type { Destination } from '../destinations/destination.ts';
import { openLocal } from '../destinations/local/driver.ts';
import { writeSmallObject } from '../destinations/small-object.ts';
import { openIntegrity } from '../integrity/integrity.ts';
import { BINLOG } from '../kinds/binlog.ts';
import type { FoundCopy, Role } from '../kinds/found-copy.ts';
import type { Kind, RecordedCopy } from '../kinds/kind.ts';
import { MYSQL } from '../kinds/mysql.ts';
import { createLog } from '../log.ts';
import { openStatusStore } from '../status/status-store.ts';
import { type CatalogueContext, openCatalogue } from './catalogue.ts';
import { findBinlogs } from './find-binlogs.ts';
import { findAtDestination, findCopy } from './find-copy.ts';
import { recordOf } from './keep-trusted.ts';
import { markListed } from './mark-listed.ts';
import { findMysqlChain } from './mysql-chain.ts';

const facts = { runType: 'daily', parent: undefined, lsn: 1, serverIdentity: undefined } as const;
const { signal } = new AbortController();
const log = createLog('error', () => undefined);

let folder: string;
let context: CatalogueContext;
/** The keys that were read in the two places, in order. */
let reads: string[];
/** The prefixes that were listed in the two places, in order. */
let lists: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalogue-'));
  reads = [];
  lists = [];
  context = {
    config: { gpg: undefined },
    host: 'db1',
    integrity: openIntegrity({ keyFile: join(folder, 'integrity.key'), require: false }),
    destination: open('destination'),
    local: open('local'),
    log,
    signal,
    warnLasting: () => undefined,
    machineId: () => 'machine',
  };
});
afterEach(() => rm(folder, { recursive: true }));

function open(place: Role): Destination {
  const destination = openLocal({ kind: 'local', backupDir: join(folder, place) }, log);
  return {
    ...destination,
    read(key) {
      reads.push(`${place}/${key}`);
      return destination.read(key);
    },
    list(prefix, onClosed) {
      lists.push(`${place}/${prefix}`);
      return destination.list(prefix, onClosed);
    },
  };
}

/** Puts copies, and a status that lists them, in a place. */
async function store<C extends RecordedCopy>(
  place: Role,
  kind: Kind<C>,
  copies: readonly C[],
): Promise<void> {
  const destination = place === 'local' ? (context.local ?? context.destination) : context.destination;
  const statuses = openStatusStore(destination, 'db1', kind.formats[place], context);
  for (const copy of copies) await writeSmallObject(destination, copy.key, 'a copy', signal);
  await statuses.change((stored) => ({
    ...stored,
    status: copies.reduce((status, copy) => kind.enter(status, copy), stored.status),
  }));
  reads = [];
}

const FULL = simulateCopy({ ...facts, name: 'mysql-2026-01-01_00_00_00.xbstream.gz', backupStarted: 100 });
const INCREMENTAL = simulateCopy({
  ...facts,
  runType: 'hourly',
  name: 'mysql-2026-01-01_01_00_00.xbstream.gz',
  backupStarted: 200,
  parent: FULL.key,
});

function binlogCopy(number: number): BinlogCopy {
  const name = `mysql-bin.00000${number}`;
  return {
    key: `db1/binlog/${name}`,
    host: 'db1',
    name,
    binlog: name,
    timeCreated: number,
    serverIdentity: undefined,
    gapAfter: undefined,
    size: undefined,
    sha256: undefined,
    chain: undefined,
    contents: undefined,
  };
}

const BOTH = ['destination', 'local'] as const;

/** Both copies of a status, in both places. */
const statusFiles = (name: string) =>
  BOTH.flatMap((place) => [`${place}/db1/${name}`, `${place}/db1/${name}.copy`]);

describe('a catalogue', () => {
  it('reads the status of each place once for a chain and for each copy looked up after it', async () => {
    for (const place of BOTH) await store(place, MYSQL, [FULL, INCREMENTAL]);
    const catalogue = openCatalogue(context);
    const chain = await findMysqlChain(INCREMENTAL.key, catalogue);
    expect(chain.full.map(({ place, location }) => [place, location])).toEqual([
      ['local', join(folder, 'local', FULL.key)],
      ['destination', join(folder, 'destination', FULL.key)],
    ]);
    expect(recordOf(chain.incremental ?? [])?.parent).toBe(FULL.key);
    await catalogue.lookUp(chain.full, MYSQL);
    expect((await catalogue.status('local', 'db1', MYSQL)).copies).toHaveLength(2);
    expect(reads.toSorted()).toEqual(statusFiles('status'));
  });

  it('reads the status of each place once for many binary logs', async () => {
    for (const place of BOTH) await store(place, BINLOG, [1, 2, 3].map(binlogCopy));
    const logs = await findBinlogs(['mysql-bin.000003', 'mysql-bin.000001'], openCatalogue(context));
    expect(logs.map(({ name, candidates }) => [name, candidates.map(({ place }) => place)])).toEqual([
      ['mysql-bin.000003', ['local', 'destination']],
      ['mysql-bin.000001', ['local', 'destination']],
    ]);
    expect(reads.toSorted()).toEqual(statusFiles('binlog-status'));
  });

  it('lists the copies of both places, keep-local first, and marks those that no status lists', async () => {
    for (const place of BOTH) await store(place, MYSQL, [FULL]);
    await writeSmallObject(context.destination, INCREMENTAL.key, 'a copy', signal);
    const catalogue = openCatalogue(context);
    const { copies } = await markListed((await catalogue.list()).copies, catalogue);
    expect(copies.map(({ place, object, listed }) => [place, object.key, listed])).toEqual([
      ['local', FULL.key, true],
      ['destination', INCREMENTAL.key, false],
      ['destination', FULL.key, true],
    ]);
    expect((await catalogue.list('db1/hourly/')).copies.map(({ object }) => object.key)).toEqual([
      INCREMENTAL.key,
    ]);
  });

  it('says of a damaged status once that it is, and of each of its copies that nothing is known', async () => {
    await store('destination', MYSQL, [FULL, INCREMENTAL]);
    for (const file of ['status', 'status.copy'])
      await writeSmallObject(context.destination, `db1/${file}`, 'no JSON', signal);
    const catalogue = openCatalogue(context);
    const { copies } = await catalogue.list();
    const known = await catalogue.lookUp(copies, MYSQL);
    expect(known.map(({ lookup }) => lookup)).toMatchObject([
      { record: undefined, reason: 'its status is damaged' },
      { record: undefined, reason: 'its status is damaged' },
    ]);
    const marked = await markListed(copies, catalogue);
    expect(marked.copies.map(({ listed }) => listed)).toEqual([undefined, undefined]);
    expect(marked.failures).toHaveLength(1);
    expect(reads).toHaveLength(2);
  });
});

describe('where there are many hosts', () => {
  const OTHERS = ['db0', 'db2', 'db10'];
  const keysOf = (copies: readonly FoundCopy[]) => copies.map(({ object }) => object.key);
  const put = (key: string) => writeSmallObject(context.destination, key, 'a copy', signal);

  beforeEach(async () => {
    for (const host of ['db1', ...OTHERS]) {
      await put(FULL.key.replace('db1', host));
      await put(`${host}/binlog/mysql-bin.000001.gz`);
    }
    lists = [];
  });

  it('a copy that is named by its key or location is found without a listing', async () => {
    for (const wanted of [FULL.key, context.destination.locate(FULL.key)]) {
      expect(keysOf(await findCopy(wanted, 'mysql', openCatalogue(context)))).toEqual([FULL.key]);
    }
    expect(lists).toEqual([]);
  });

  it('a name is looked for among the copies of this host, which has it whatever others have', async () => {
    const catalogue = openCatalogue(context);
    expect(keysOf(await findCopy(nameOfKey(FULL.key), 'mysql', catalogue))).toEqual([FULL.key]);
    expect((await findAtDestination(nameOfKey(FULL.key), catalogue)).object.key).toBe(FULL.key);
    expect(lists).toEqual(BOTH.map((place) => `${place}/db1/`).toReversed());
  });

  it('a name that this host does not have is looked for among all, and must be that of one copy', async () => {
    const [newer, twice] = ['mysql-2026-01-02_00_00_00.xbstream.gz', 'mysql-2026-01-03_00_00_00.xbstream.gz'];
    for (const key of [`db2/daily/mysql/${newer}`, `db2/daily/mysql/${twice}`, `db0/daily/mysql/${twice}`])
      await put(key);
    const catalogue = openCatalogue(context);
    expect(keysOf(await findCopy(newer, 'mysql', catalogue))).toEqual([`db2/daily/mysql/${newer}`]);
    await expect(findCopy(twice, 'mysql', catalogue)).rejects.toThrow(/the name of several copies/);
    // However many names are asked for.
    expect(lists).toEqual(['local/db1/', 'destination/db1/', 'local/', 'destination/']);
  });

  it('a binary log is looked for only where its key or its location says, and by its name in this host first', async () => {
    const key = 'db2/binlog/mysql-bin.000001';
    for (const wanted of [key, `${key}.gz`, context.destination.locate(`${key}.gz`)]) {
      lists = [];
      const [found] = await findBinlogs([wanted], openCatalogue(context));
      expect(found?.key).toBe(key);
      expect(lists).toEqual(['local/db2/binlog/', 'destination/db2/binlog/']);
    }
    lists = [];
    const [own] = await findBinlogs(['mysql-bin.000001'], openCatalogue(context));
    expect(own?.key).toBe('db1/binlog/mysql-bin.000001');
    expect(lists).toEqual(['local/db1/', 'destination/db1/']);
  });

  it('a host is listed alone, and all hosts only where nothing is found of it', async () => {
    const { copies, hosts } = await openCatalogue(context).listHost('db10');
    expect([...hosts]).toEqual(['db10']);
    expect(copies).toHaveLength(2);
    expect((await openCatalogue(context).listHost('db3')).hosts).toEqual(new Set(['db1', ...OTHERS]));
    expect(lists).toEqual(
      ['db10/', 'db3/', ''].flatMap((prefix) =>
        ['local', 'destination'].map((place) => `${place}/${prefix}`),
      ),
    );
  });

  it('the statuses of many hosts are read once each, several at a time', async () => {
    const { status } = openCatalogue(context);
    let [now, most] = [0, 0];
    const hosts = Array.from({ length: 40 }, (_, index) => `many${index}`);
    for (const host of hosts) await put(FULL.key.replace('db1', host));
    reads = [];
    const catalogue = {
      ...openCatalogue(context),
      status: (async (...args: Parameters<typeof status>) => {
        most = Math.max(most, ++now);
        try {
          return await status(...args);
        } finally {
          now -= 1;
        }
      }) as typeof status,
    };
    const { copies } = await catalogue.list('many');
    await markListed(copies, catalogue);
    expect(reads.toSorted()).toEqual(
      hosts.flatMap((host) => [`destination/${host}/status`, `destination/${host}/status.copy`]).toSorted(),
    );
    expect(most).toBe(16);
  });
});
